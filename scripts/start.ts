/**
 * `npm start`: the whole of Seatline on this machine, until Ctrl-C. Only turns signals into a wish to
 * stop and errors into a sentence; the work is in packages/infra.
 */
import { join } from "node:path";
import { LogFile } from "@seatline/infra/log-file.ts";
import { killNow } from "@seatline/infra/orphans.ts";
import { REPOSITORY_ROOT as root, startHomeOf } from "@seatline/infra/paths.ts";
import { SERVICES } from "@seatline/infra/service-list.ts";
import { readState } from "@seatline/infra/state-file.ts";
import { runSupervisor } from "@seatline/infra/supervisor.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";

import { findConfigProblems } from "./configuration.ts";
import { readEnvironment } from "./environment.ts";

const home = startHomeOf(root);
const logFile = new LogFile(join(home.logs, "supervisor.log"));
const stop = new AbortController();

process.stdout.on("error", () => undefined); // The terminal may go before we do.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, onStop);
// The tool chain that started us was killed; nobody else would tell us to stop.
process.on("disconnect", onStop);

try {
  const env = readEnvironment();
  const problems = findConfigProblems(env);
  if (problems.length > 0) throw new ConfigError(problems);
  await runSupervisor({
    root,
    env,
    services: SERVICES,
    migrateScript: "scripts/migrate.ts",
    demoScript: "scripts/demo-show.ts",
    log,
    stop: stop.signal,
  });
  log("Stopped.");
  process.exit(0);
} catch (error) {
  logFile.write(`${(error as Error).stack}\n`);
  log((error as Error).message);
  process.exit(1);
}

/** The second wish is served at once: everything is killed, and the warden sweeps up. */
function onStop(): void {
  if (!stop.signal.aborted) {
    stop.abort(new Error("Stopped."));
    return;
  }
  const state = readState(home.state);
  if (state !== undefined) killNow(state);
  log("Killed.");
  process.exit(1);
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
  logFile.write(`${new Date().toISOString()} ${line}\n`);
}
