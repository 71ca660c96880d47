/**
 * Batches for tests of the database: decided by the core alone, without a worker. A line is where a
 * partition stands; a batch is decided on a copy of it, so that it can be tried more than once.
 */
import { FIRST_TAIL, encodeEntry, encodeRecord, hashChain } from "../contract/record.ts";
import type { RecordEntry } from "../contract/record.ts";
import { encodeRequest } from "../contract/request.ts";
import type { Booking, Request, Write } from "../core/model.ts";
import { buildLineState, cloneLineState, freePlaces } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import { step } from "../core/step.ts";
import { buildNetWrites } from "../db/commit-decisions.ts";
import type { Batch } from "../db/commit-decisions.ts";
import type { ShowHead } from "../db/load-shows.ts";
import { NOON } from "./requests.ts";

export type TestLine = {
  readonly partition: number;
  readonly next: number;
  readonly tail: string;
  readonly state: LineState;
  readonly heads: ReadonlyMap<string, ShowHead>;
};

/** A partition in which nothing is decided yet. */
export function buildLine(partition = 0): TestLine {
  return { partition, next: 0, tail: FIRST_TAIL, state: buildLineState(), heads: new Map() };
}

/** Decides the requests, one millisecond apart, beginning at `time`. */
export function decideOn(line: TestLine, requests: readonly Request[], time = NOON): Batch {
  const { partition } = line;
  const state = cloneLineState(line.state);
  const hashes = new Map<string, string>();
  const writes: Write[] = [];
  const entries = requests.map((request, index) => {
    const place = { partition, offset: line.next + index };
    const decision = step(state, request, { place, appendedAt: time + index, now: time });
    writes.push(...decision.writes);
    const changed = decision.writes.flatMap((it) => (it.kind === "booking" ? [it.after] : []));
    const text = encodeEntry(entryOf(request, { offset: place.offset, decision, changed }));
    for (const showId of new Set([
      ...showIdsOf(request, state),
      ...changed.map((it) => it.showId),
    ])) {
      if (!state.shows.has(showId)) continue;
      const before = hashes.get(showId) ?? line.heads.get(showId)?.hash ?? FIRST_TAIL;
      hashes.set(showId, hashChain(before, text));
    }
    return text;
  });
  const shows = [...hashes].map(([id, hash]) => {
    const show = state.shows.get(id);
    if (show === undefined) throw new RangeError(`show ${id} is not in the line`);
    const { held, confirmed } = show;
    const version = (line.heads.get(id)?.version ?? 0) + 1;
    return { id, version, free: freePlaces(show), held, confirmed, hash };
  });
  const next = line.next + requests.length;
  const head = { v: 1 as const, partition, first: line.next, next, now: time, shows };
  const { body, tail } = encodeRecord({ ...head, previousTail: line.tail }, entries);
  return {
    partition,
    first: line.next,
    tail: line.tail,
    next,
    newTail: tail,
    published: line.next,
    logClock: time + requests.length - 1,
    lastDigest: hashChain("", entries.at(-1) ?? ""),
    body,
    net: buildNetWrites(writes),
    state,
    heads: line.heads,
    hashes,
    deadLetters: [],
  };
}

/** Where the partition stands after a batch. */
export function lineAfter(line: TestLine, batch: Batch): TestLine {
  const heads = new Map(line.heads);
  for (const [id, hash] of batch.hashes) {
    heads.set(id, { version: (heads.get(id)?.version ?? 0) + 1, hash });
  }
  return { ...line, next: batch.next, tail: batch.newTail, state: batch.state, heads };
}

function showIdsOf(request: Request, state: LineState): string[] {
  if ("showId" in request) return [request.showId];
  const booking = state.bookings.get(request.bookingId);
  return booking === undefined ? [] : [booking.showId];
}

function entryOf(
  request: Request,
  {
    offset,
    decision: { outcome },
    changed,
  }: {
    readonly offset: number;
    readonly decision: Pick<RecordEntry, "outcome">;
    readonly changed: readonly Booking[];
  },
): RecordEntry {
  return {
    offset,
    appendedAt: NOON,
    request: encodeRequest(request),
    requestId: request.requestId,
    deadLetter: null,
    outcome,
    showCreated: null,
    changed,
    unchanged: null,
  };
}
