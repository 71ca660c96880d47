/**
 * Decides the messages of the topic again, from nothing, with the real core, and compares entry for entry, byte for
 * byte. It never forgets anything, as the worker does between its batches: both must decide the same.
 */
import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import { parseRecord } from "@seatline/shared/contract/record.ts";
import type { Bounds } from "@seatline/shared/core/bounds.ts";
import { buildLineState } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import { findSubject, step } from "@seatline/shared/core/step.ts";
import { HIDDEN_FAULT } from "@seatline/shared/line/batch.ts";
import { describeDifference } from "@seatline/shared/line/decision-log.ts";
import { buildEntry, buildParkedEntry } from "@seatline/shared/line/entry.ts";
import { CORE_FAULT, STORAGE_FAULT } from "@seatline/booking-worker/recovery.ts";

import type { EntrySeen, LineSeen, Replayed } from "./history-index.ts";

/** Why a worker parks what can be read: nobody can say the same from the topic alone. */
const WORKER_FAULTS: readonly (string | null)[] = [CORE_FAULT, STORAGE_FAULT];

export function replayLines(lines: readonly LineSeen[], bounds: Bounds): Replayed {
  const differences: string[] = [];
  const stateByPartition = new Map<number, LineState | null>();
  for (const line of lines) {
    const state = buildLineState(bounds);
    const difference = replayLine(line, state);
    if (difference !== null) differences.push(difference);
    stateByPartition.set(line.partition, difference === null ? state : null);
  }
  return { differences, stateByPartition };
}

/** The first difference: behind it the state is another one, and nothing can be said. */
function replayLine({ partition, records }: LineSeen, state: LineState): string | null {
  let clock = 0;
  for (const { entries } of records) {
    for (const entry of entries) {
      // A place that nobody may read has a time of which only its entry tells.
      clock = entry.message?.clock ?? Math.max(clock, entry.appendedAt);
      const decided = replayEntry(state, entry, clock);
      if (typeof decided === "string") return `${partition}-${entry.offset}: ${decided}`;
      if (JSON.stringify(decided) !== entry.text) {
        return `${partition}-${entry.offset}: ${describeEntryDifference(entry, decided)}`;
      }
    }
  }
  return null;
}

/** What the core makes of an entry's message, or why it makes nothing of it. */
function replayEntry(state: LineState, entry: EntrySeen, clock: number): RecordEntry | string {
  const { partition, offset, now, message, deadLetter } = entry;
  const moment = { place: { partition, offset }, appendedAt: clock, now };
  if (message === undefined) {
    return buildParkedEntry({ text: null, requestId: null }, moment, HIDDEN_FAULT);
  }
  const { request } = message;
  if (request === null) return buildParkedEntry(message, moment, message.fault ?? "");
  if (deadLetter !== null && WORKER_FAULTS.includes(deadLetter)) {
    return buildParkedEntry(message, moment, deadLetter);
  }
  try {
    const { showId } = findSubject(state, request);
    const decision = step(state, request, moment);
    return buildEntry(message, decision, { moment, state, showId });
  } catch (error) {
    return `the core fails on it: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function describeEntryDifference({ text }: EntrySeen, decided: RecordEntry): string {
  const body = `{"v":1,"partition":0,"first":0,"next":1,"previousTail":"${"0".repeat(64)}","shows":[],"entries":[${text}]}`;
  const [logged] = parseRecord(body)?.entries ?? [];
  return logged === undefined ? "its text cannot be found" : describeDifference(logged, decided);
}
