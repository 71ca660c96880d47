/** Which Seatline is meant, and what `npm start` noted of its processes. */
import { REPOSITORY_ROOT, startHomeOf } from "@seatline/infra/paths.ts";
import { readState } from "@seatline/infra/state-file.ts";
import type { RunState } from "@seatline/infra/state-file.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

const DEFAULT_URL = "http://127.0.0.1:3000";

type Target = {
  readonly url: string;
  readonly adminToken: string | null;
  /** Only if it is the very stack at `url`: nobody's processes are killed by mistake. */
  readonly running: RunState | null;
};

/** `given` wins, then what runs from this checkout, then the default address. */
export function findTarget(given: string | undefined, env: Environment): Target {
  const state = readState(startHomeOf(REPOSITORY_ROOT).state);
  const url = given ?? state?.url ?? DEFAULT_URL;
  const isRunning = state?.url !== null && state?.url !== undefined && isSame(state.url, url);
  return { url, adminToken: env["ADMIN_TOKEN"] || null, running: isRunning ? state : null };
}

function isSame(one: string, other: string): boolean {
  return (
    new URL(one).host.replace("localhost", "127.0.0.1") ===
    new URL(other).host.replace("localhost", "127.0.0.1")
  );
}
