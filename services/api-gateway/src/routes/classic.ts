import type { App, AppDeps } from "../deps.ts";

export function registerClassicRoutes(app: App, deps: AppDeps): void {
  void app;
  void deps;
}
