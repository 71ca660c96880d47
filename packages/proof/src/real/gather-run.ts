/** All that was seen of a run in which the real system was hurt, once it is left alone. */
import { setTimeout as pause } from "node:timers/promises";

import { BOUNDS } from "@seatline/shared/core/bounds.ts";

import { knownOf } from "./customer.ts";
import { gatherSystem } from "./gather.ts";
import type { Call, History } from "../history/history.ts";
import type { Recorder } from "./recorder.ts";
import type { RealSystem } from "./real-system.ts";

/** What clients asked and heard, and whom they may ask now. */
type Asked = { readonly calls: readonly Call[]; readonly recorders: readonly Recorder[] };

const GATHER_MAX_MS = 60_000;
/** Until all gateways have read what was published. */
const REST_MS = 2_000;
/** A sweep, and its way through the line of a busy machine. */
const LAPSE_MAX_MS = 10_000;
const LOOKS_MAX = 1_000;
const LOOKS_AT_ONCE = 20;

/** When everything is decided and published, everybody is asked for the last bookings once more. */
export async function gatherHistory(system: RealSystem, asked: Asked): Promise<History> {
  const { sql, kafka, topics } = system;
  const source = { sql, kafka, topics, deadlineMs: GATHER_MAX_MS };
  const before = await gatherSystem(source);
  await pause(REST_MS);
  const nextOffsets: number[] = [];
  for (const { partition, nextOffset } of before.tables.partitions) {
    nextOffsets[partition] = nextOffset;
  }
  const rest = { atMs: performance.now(), nextOffsets };
  await lookAtAll(asked);
  const seen = await gatherSystem(source);
  return { calls: asked.calls, ...seen, lapseMaxMs: LAPSE_MAX_MS, rest, bounds: BOUNDS };
}

async function lookAtAll({ calls, recorders }: Asked): Promise<void> {
  const told = calls.flatMap(({ heard }) => knownOf(heard)?.id ?? []);
  const ids = [...new Set(told)].slice(-LOOKS_MAX);
  await Promise.all(
    Array.from({ length: LOOKS_AT_ONCE }, async () => {
      for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
        for (const recorder of recorders) await recorder.find(id);
      }
    }),
  );
}
