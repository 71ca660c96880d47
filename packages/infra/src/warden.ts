/**
 * A process that only waits for its parent's end. If the parent was killed, it stops what the state
 * file says is running, in the right order, so that a `kill -9` leaves no servers behind. Started by
 * warden-link.ts; never does anything while the parent lives.
 */
import { rmSync } from "node:fs";
import { once } from "node:events";
import { dirname } from "node:path";
import { removeComposeProject } from "./compose-infra.ts";
import { stopOrphans } from "./orphans.ts";
import { readState, removeState } from "./state-file.ts";

const [statePath, folder] = process.argv.slice(2);
if (statePath === undefined) throw new Error("The warden needs the path of a state file.");

process.stdin.resume();
process.stdin.on("error", () => undefined);
await once(process.stdin, "close");

const state = readState(statePath);
if (state !== undefined) {
  await stopOrphans(state);
  if (state.composeProject !== null) await removeComposeProject(state.root, { env: process.env });
  removeState(statePath);
}
// Only a folder that holds our own state file: a wrong argument must not remove anything else.
if (folder !== undefined && folder === dirname(statePath)) {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
