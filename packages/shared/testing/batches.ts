/**
 * Batches for tests that have no worker. A line is where a partition stands; a batch is decided on a
 * copy of it, so that it can be tried more than once.
 */
import { FIRST_TAIL } from "../contract/record.ts";
import { encodeRequest } from "../contract/request.ts";
import type { Request } from "../core/requests.ts";
import { buildLineState, cloneLineState } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import type { Batch } from "../db/commit-decisions.ts";
import type { ShowHead } from "../db/load-shows.ts";
import { decideBatch, positionAfter, readMessage } from "../line/batch.ts";
import type { Position } from "../line/batch.ts";
import { NOON } from "./requests.ts";
import { TEST_PARTITIONS } from "./servers.ts";

export type TestLine = {
  readonly position: Position;
  readonly state: LineState;
  readonly heads: ReadonlyMap<string, ShowHead>;
};

/** A partition in which nothing is decided yet. */
export function buildLine(partition = 0): TestLine {
  const start = { next: 0, tail: FIRST_TAIL, logClock: 0 };
  const position = { partition, partitionCount: TEST_PARTITIONS, ...start };
  return { position, state: buildLineState(), heads: new Map() };
}

/** Decides the requests, one millisecond apart, beginning at `time`. */
export function decideOn(line: TestLine, requests: readonly Request[], time = NOON): Batch {
  const { position, heads } = line;
  const messages = requests.map((request, index) => {
    const value = Buffer.from(encodeRequest(request));
    const message = { offset: position.next + index, appendedAt: time + index, key: null, value };
    return readMessage(message, position, new Map());
  });
  const context = { state: cloneLineState(line.state), heads, now: time };
  const batch = decideBatch(position, messages, context);
  if ("failedAt" in batch) throw batch.error;
  return batch;
}

/** Where the partition stands after a batch that was committed. */
export function lineAfter(line: TestLine, batch: Batch): TestLine {
  const touched = batch.record.shows.map(({ id, version, hash }): [string, ShowHead] => [
    id,
    { version, hash },
  ]);
  const heads = new Map([...line.heads, ...touched]);
  return { position: positionAfter(line.position, batch), state: batch.state, heads };
}
