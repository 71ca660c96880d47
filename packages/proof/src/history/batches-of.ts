/** The batches that a history was committed in, decided again from its messages. */
import { assert } from "@seatline/shared/core/assert.ts";
import { FIRST_TAIL, parseRecord } from "@seatline/shared/contract/record.ts";
import { buildLineState } from "@seatline/shared/core/show.ts";
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";
import type { ShowHead } from "@seatline/shared/db/load-shows.ts";
import { decideBatch, positionAfter, readMessage } from "@seatline/shared/line/batch.ts";
import type { Position } from "@seatline/shared/line/batch.ts";

import type { History } from "./history.ts";

type Decided = { readonly batch: Batch; readonly stored: History["tables"]["records"][number] };

/** Each may be used only until the next is asked for: the state in it goes on with the line. */
export function* batchesOf(history: History): Generator<Decided> {
  const { length: partitionCount } = history.tables.partitions;
  for (let partition = 0; partition < partitionCount; partition++) {
    const start = { next: 0, tail: FIRST_TAIL, logClock: 0 };
    yield* batchesOfLine(history, { partition, partitionCount, ...start });
  }
}

function* batchesOfLine(history: History, start: Position): Generator<Decided> {
  const { partition } = start;
  const line = history.topics.requests.filter((message) => message.partition === partition);
  const state = buildLineState(history.bounds);
  const heads = new Map<string, ShowHead>();
  let position = start;
  for (const stored of history.tables.records) {
    if (stored.partition !== partition) continue;
    const record = parseRecord(stored.body);
    assert(record !== null, `the record at ${stored.first} can be read`);
    const parked = record.entries.flatMap(({ offset, deadLetter }): [number, string][] =>
      deadLetter === null ? [] : [[offset, deadLetter]],
    );
    const messages = line
      .slice(record.first, record.next)
      .map((message) => readMessage(message, position, new Map(parked)));
    const now = record.entries[0]?.now ?? 0;
    const batch = decideBatch(position, messages, { state, heads, now });
    assert("record" in batch, "what was decided once can be decided again");
    yield { batch, stored };
    position = positionAfter(position, batch);
    for (const { id, version, hash } of batch.record.shows) heads.set(id, { version, hash });
  }
}
