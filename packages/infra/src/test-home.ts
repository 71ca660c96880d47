/**
 * A folder for the embedded servers of one test run, gone when the run ends: removed at close, by
 * the warden when the run is killed, or by the next run when even the warden was.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbedded } from "./embedded.ts";
import type { EmbeddedOptions } from "./embedded.ts";
import { stopOrphans } from "./orphans.ts";
import { PASSABLE_MODE } from "./paths.ts";
import { isSameProcessAlive } from "./process-identity.ts";
import type { RunningInfra } from "./running-infra.ts";
import { RunStateFile, readState } from "./state-file.ts";
import { startWarden } from "./warden-link.ts";

const FOLDER_PREFIX = "seatline-test-";
const STATE_NAME = "state.json";

export async function startTestHome(
  options: Omit<EmbeddedOptions, "folder">,
): Promise<RunningInfra> {
  await removeDeadHomes();
  const folder = mkdtempSync(join(tmpdir(), FOLDER_PREFIX));
  chmodSync(folder, PASSABLE_MODE);
  const state = new RunStateFile(join(folder, STATE_NAME));
  const warden = startWarden({ statePath: state.path, remove: folder });
  state.update({ warden: warden.identity });
  const end = async (): Promise<void> => {
    state.remove();
    await warden.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const onChange: EmbeddedOptions["onChange"] = (child) => {
    state.setChild(child);
    options.onChange(child);
  };
  try {
    const running = await startEmbedded({ ...options, folder, onChange });
    return { ...running, close: () => running.close().then(end) };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Folders whose owner died without a warden: what still runs there is stopped, then they go. */
async function removeDeadHomes(): Promise<void> {
  const names = readdirSync(tmpdir()).filter((name) => name.startsWith(FOLDER_PREFIX));
  for (const name of names) {
    const folder = join(tmpdir(), name);
    const state = readState(join(folder, STATE_NAME));
    // Without a readable state it may be another user's, or one that is being made right now.
    if (state === undefined) continue;
    const { supervisorPid: pid, supervisorStartedAt: startedAt, warden } = state;
    if (isSameProcessAlive({ pid, startedAt })) continue;
    if (warden !== null && isSameProcessAlive(warden)) continue;
    await stopOrphans(state);
    rmSync(folder, { recursive: true, force: true });
  }
}
