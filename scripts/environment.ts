/** The settings of whoever runs a command: `.env` of the checkout, and over it the environment. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

import { REPOSITORY_ROOT } from "@seatline/infra/paths.ts";
import { mergeEnvironment } from "@seatline/infra/service-list.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

export function readEnvironment(): Environment {
  const path = join(REPOSITORY_ROOT, ".env");
  const file = existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
  return mergeEnvironment(file, process.env);
}
