/** Postgres goes away, or its answer does: the line waits, and nothing happens twice. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { TestLine } from "@seatline/shared/testing/line.ts";
import { requestBook, requestConfirm, requestShow } from "@seatline/shared/testing/requests.ts";
import { Proxy } from "@seatline/shared/testing/proxy.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { startWorker } from "../testing/test-worker.ts";
import type { TestWorker } from "../testing/test-worker.ts";

/** Stands in the text of a record, so only a commit contains it. */
const ONLY_IN_A_COMMIT = '"previousTail":';

describe("with Postgres away", () => {
  let line: TestLine;
  let proxy: Proxy;
  let worker: TestWorker;
  const show = requestShow();

  beforeEach(async () => {
    line = await TestLine.open();
    proxy = await Proxy.open(line.database.url);
    worker = await startWorker(line, { databaseUrl: proxy.through(line.database.url) });
    await line.ask(show);
    await line.decidedUpTo(0, 1);
  });
  afterEach(async () => {
    proxy.mend();
    await worker.close();
    await proxy.close();
    await line.close();
  });

  const said = (words: string) => worker.lines.filter(({ msg }) => msg.includes(words));

  it("the line waits, and goes on when it is back", async () => {
    proxy.cut();
    const books = [1, 2, 3].map((seat) => requestBook(show.showId, { seats: [seat] }));
    await line.ask(...books);
    await waitUntil("the worker has tried several times", () => said("the line waits").length >= 5);
    expect(worker.gaveUp).toEqual([]);
    proxy.mend();
    await line.decidedUpTo(0, 4);
    expect(said("the line goes on")).toHaveLength(1);
    const entries = await line.readEntries(0);
    expect(entries.slice(1).map(({ requestId }) => requestId)).toEqual(
      books.map(({ requestId }) => requestId),
    );
  });

  it("a commit whose answer was lost has happened once", async () => {
    const outcomes = await line.follow(line.topics.outcomes);
    const book = requestBook(show.showId, { seats: [1] });
    proxy.swallowAnswersTo(ONLY_IN_A_COMMIT);
    await line.ask(book);
    await line.decidedUpTo(0, 2);
    // The statement is done, its answer on the way: now the connection breaks.
    proxy.cut();
    proxy.mend();
    await line.ask(requestConfirm(book.requestId));
    await line.decidedUpTo(0, 3);
    const entries = await line.readEntries(0);
    expect(entries.map(({ changed }) => changed.map(({ status }) => status))).toEqual([
      [],
      ["PENDING"],
      ["CONFIRMED"],
    ]);
    await waitUntil("the record of the lost answer is published too", () => {
      const offsets = outcomes.map(({ value }) => (JSON.parse(value) as { first: number }).first);
      return [0, 1, 2].every((first) => offsets.includes(first));
    });
    expect(said("the line waits").length).toBeGreaterThan(0);
    expect(worker.gaveUp).toEqual([]);
  });

  it("a commit that never got through is tried again", async () => {
    const book = requestBook(show.showId, { seats: [1] });
    // A lock that only the commit needs: it stands in front of it until the connection breaks.
    const holder = await line.sql.reserve();
    await holder`begin`;
    await holder`select from partitions where partition = 0 for update`;
    await line.ask(book);
    await waitUntil("the commit waits for the lock", async () => {
      const [row] = await line.sql<{ count: number }[]>`
        select count(*)::int as count from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`;
      return (row?.count ?? 0) > 0;
    });
    proxy.cut();
    await holder`rollback`;
    holder.release();
    proxy.mend();
    await line.decidedUpTo(0, 2);
    expect(await line.readEntries(0)).toHaveLength(2);
    expect(worker.gaveUp).toEqual([]);
  });

  it("a lock or a statement that takes too long makes the batches smaller, not the worker end", async () => {
    const holder = await line.sql.reserve();
    await holder`begin`;
    await holder`select from shows for update`;
    await line.ask(...[1, 2, 3].map((seat) => requestBook(show.showId, { seats: [seat] })));
    await waitUntil(
      "the worker has met it",
      () => said("the line waits").length + said("too long").length > 0,
    );
    await holder`rollback`;
    holder.release();
    await line.decidedUpTo(0, 4);
    expect(worker.gaveUp).toEqual([]);
  });
});
