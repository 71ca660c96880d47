/** Tells the world what was committed: a record for our own readers, its events for everybody else's. */
import { buildEvents } from "@seatline/shared/contract/event.ts";
import { parseRecord } from "@seatline/shared/contract/record.ts";
import type { LineRecord } from "@seatline/shared/contract/record.ts";
import { assert } from "@seatline/shared/core/assert.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Publisher } from "@seatline/shared/line/publisher.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";

type PublishDeps = {
  readonly store: Store;
  readonly publisher: Publisher;
  readonly topics: Topics;
};

/** Each may have many megabytes. */
const RECORDS_PER_PAGE = 10;

/** Publishes a record, whose text is `body`. False unless the broker has acknowledged all of it. */
export async function publishRecord(
  { publisher, topics }: PublishDeps,
  record: LineRecord,
  body: string,
): Promise<boolean> {
  const { partition } = record;
  // In this order, or whoever drops what is told twice would hear of a change before the one that led to it.
  const results = await publisher.publishInOrder([
    { topic: topics.outcomes, partition, key: String(partition), value: body },
    ...record.entries
      .map(({ followUp }) => followUp)
      .filter((followUp) => followUp !== null)
      .map(({ showId: key, message: value }) => ({
        topic: topics.requests,
        partition,
        key,
        value,
      })),
    ...buildEvents(record).map(({ showId, event }) => {
      return { topic: topics.events, partition, key: showId, value: JSON.stringify(event) };
    }),
  ]);
  return results.every(({ status }) => status === "acked");
}

/** Publishes the stored records of a partition from one offset to another, in order. */
export async function publishStored(
  deps: PublishDeps,
  {
    partition,
    from,
    to,
  }: { readonly partition: number; readonly from: number; readonly to: number },
): Promise<boolean> {
  for (let first = from; first < to;) {
    const rows = await deps.store.loadRecords({ partition, from: first, limit: RECORDS_PER_PAGE });
    assert(rows.length > 0, `the records of partition ${partition} reach to ${to}`);
    for (const { next, body } of rows) {
      const record = parseRecord(body);
      assert(record !== null, `the record of partition ${partition} at ${first} can be read`);
      if (!(await publishRecord(deps, record, body))) return false;
      first = next;
    }
  }
  return true;
}
