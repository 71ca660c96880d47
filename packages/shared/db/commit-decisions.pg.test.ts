/**
 * What `commit_decisions` refuses, and that a refusal leaves nothing behind. Every test has a
 * partition or a database of its own to spoil.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import postgres from "postgres";

import type { LineRecord } from "../contract/record.ts";
import { buildLine, decideOn, lineAfter } from "../testing/batches.ts";
import type { TestLine } from "../testing/batches.ts";
import { layoutOf, seated, standing } from "../testing/builders.ts";
import { createDatabase } from "../testing/database.ts";
import type { TestDatabase } from "../testing/database.ts";
import { NOON, requestBook, requestCancel, requestShow } from "../testing/requests.ts";
import type { Sql } from "./client.ts";
import { commitDecisions } from "./commit-decisions.ts";
import type { Batch } from "./commit-decisions.ts";
import { loadBookings } from "./load-bookings.ts";
import { loadPartitions } from "./load-partitions.ts";

const TABLES = [
  "shows",
  "bookings",
  "seats",
  "sections",
  "customers",
  "partitions",
  "records",
  "dead_letters",
];
const HALL = layoutOf([seated("Stalls", "A", { seatsPerRow: 5 }), standing("Floor", 5)]);

const FENCED = { answer: "fenced", written: false };
const raised = (code: string) => ({ answer: code, written: false });

/** Everything that the tables hold, as one comparable text. */
async function readAll(sql: Sql): Promise<string> {
  const texts = await Promise.all(
    TABLES.map(async (table) => {
      const rows = await sql<{ row: string }[]>`
        select t::text as row from ${sql(table)} t order by t::text`;
      return `${table}:\n${rows.map(({ row }) => row).join("\n")}`;
    }),
  );
  return texts.join("\n");
}

/** A batch that says something else of itself than what was decided. */
function withRecord(batch: Batch, changes: Partial<LineRecord>): Batch {
  return { ...batch, record: { ...batch.record, ...changes } };
}

describe("commit_decisions", () => {
  let database: TestDatabase;
  let sql: Sql;
  let line: TestLine;
  const show = requestShow({ layout: HALL });
  const held = requestBook(show.showId, { seats: [1, 2] });

  const commit = async (batch: Batch) => {
    const result = await commitDecisions(sql, batch);
    if (result.committed) line = lineAfter(line, batch);
    return result;
  };
  /** What came of a batch that must not pass, and whether it left anything behind. */
  const attempt = async (spoilt: Batch) => {
    const before = await readAll(sql);
    const answer = await commitDecisions(sql, spoilt).then(
      ({ committed }) => (committed ? "committed" : "fenced"),
      (error: unknown) => (error instanceof postgres.PostgresError ? error.code : error),
    );
    return { answer, written: (await readAll(sql)) !== before };
  };

  beforeAll(async () => {
    database = await createDatabase();
    ({ sql } = database);
  });
  afterAll(async () => {
    await database.close();
  });

  /** A line of its own: the partitions are few, so each test begins with empty tables. */
  beforeEach(async () => {
    await sql`truncate shows, bookings, seats, sections, customers, records, dead_letters`;
    await sql`update partitions set next_offset = 0, published_offset = 0, last_digest = null,
                     tail = decode(${"0".repeat(64)}, 'hex')`;
    line = buildLine();
    await commit(decideOn(line, [show, held]));
  });

  describe("the fence", () => {
    it("lets a batch pass that begins where the partition stands", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      const result = await commit(batch);
      expect(result.committed).toBe(true);
      expect(Math.abs(result.clockMs - Date.now())).toBeLessThan(60_000);
      const [partition] = await loadPartitions(sql);
      expect(partition).toMatchObject({
        nextOffset: 3,
        tail: batch.tail,
        publishedOffset: 2,
        logClock: NOON + 1,
        lastDigest: batch.lastDigest,
      });
    });

    it("stops a batch that was committed already", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      await commit(batch);
      expect(await attempt(batch)).toEqual(FENCED);
    });

    it("stops a batch with the right tail at another offset", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      expect(await attempt(withRecord(batch, { first: 1 }))).toEqual(FENCED);
      expect(await attempt(withRecord(batch, { first: 3, next: 4 }))).toEqual(FENCED);
    });

    it("stops a batch at the right offset that was decided on another history", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      expect(await attempt(withRecord(batch, { previousTail: "1".repeat(64) }))).toEqual(FENCED);
    });

    it("stops a batch of a partition that does not exist", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      expect(await attempt(withRecord(batch, { partition: 99 }))).toEqual(FENCED);
    });

    it("lets exactly one of many pass that commit the same batch at once", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      const results = await Promise.all([1, 2, 3, 4].map(() => commitDecisions(sql, batch)));
      expect(results.filter(({ committed }) => committed)).toHaveLength(1);
      expect(await sql`select seat_no from seats order by seat_no`).toHaveLength(3);
    });

    it("lets exactly one of two pass that were decided differently on the same state", async () => {
      const one = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      const other = decideOn(line, [requestBook(show.showId, { seats: [3, 4] })]);
      const results = await Promise.all([one, other].map((it) => commitDecisions(sql, it)));
      expect(results.filter(({ committed }) => committed)).toHaveLength(1);
    });
  });

  describe("a batch that contradicts what is stored", () => {
    it("is not written when a show is at another version", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      for (const version of [0, 2]) {
        const shows = batch.record.shows.map((it) => ({ ...it, version: version + 1 }));
        expect(await attempt(withRecord(batch, { shows }))).toEqual(raised("SL001"));
      }
    });

    it("is not written when a show that it changes does not exist", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      await sql`delete from shows`;
      expect(await attempt(batch)).toEqual(raised("SL001"));
    });

    it("is not written when a show that it creates exists", async () => {
      const batch = decideOn(buildLine(), [show]);
      const { next, tail } = line.position;
      const spoilt = withRecord(batch, { first: next, next: next + 1, previousTail: tail });
      expect(await attempt(spoilt)).toEqual(raised("23505"));
    });

    it("is not written when somebody else has the seat", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3, 4] })]);
      await sql`insert into seats values (${show.showId}, 4, ${held.requestId})`;
      expect(await attempt(batch)).toEqual(raised("23505"));
    });

    it("is not written when a seat that it releases is not taken", async () => {
      const batch = decideOn(line, [requestCancel(held.requestId)]);
      await sql`delete from seats where seat_no = 2`;
      expect(await attempt(batch)).toEqual(raised("SL001"));
    });

    it("is not written when a seat that it releases belongs to another booking", async () => {
      const batch = decideOn(line, [requestCancel(held.requestId)]);
      const other = requestBook(show.showId, { seats: [5] }).requestId;
      await sql`update seats set booking_id = ${other} where seat_no = 2`;
      expect(await attempt(batch)).toEqual(raised("SL001"));
    });

    it("is not written when a booking that it changes does not exist", async () => {
      const batch = decideOn(line, [requestCancel(held.requestId)]);
      await sql`delete from bookings`;
      expect(await attempt(batch)).toEqual(raised("SL001"));
    });

    it("is not written when a booking that it makes exists", async () => {
      const fresh = requestBook(show.showId, { seats: [3] });
      const batch = decideOn(line, [fresh]);
      await sql`update bookings set id = ${fresh.requestId}`;
      expect(await attempt(batch)).toEqual(raised("23505"));
    });

    it("is not written when the counters do not add up", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
      const shows = batch.record.shows.map((it) => ({ ...it, free: it.free + 1 }));
      expect(await attempt(withRecord(batch, { shows }))).toEqual(raised("23514"));
    });

    it("is not written when a standing section would be oversold", async () => {
      const batch = decideOn(line, [requestBook(show.showId, { count: 6 })]);
      const floor = [{ section: 1, free: -1, held: 6, confirmed: 0 }];
      const shows = batch.record.shows.map((it) => ({ ...it, standing: floor }));
      expect(await attempt(withRecord(batch, { shows }))).toEqual(raised("23514"));
    });
  });

  it("keeps the bytes of dead letters as they came", async () => {
    const bytes = Buffer.from([0, 0xff, 0x22, 0x5c, 0x0a]);
    const letters = [
      { offset: 2, key: null, value: bytes, fault: "not JSON" },
      { offset: 3, key: bytes, value: null, fault: "no value" },
    ];
    const batch = decideOn(line, [requestBook(show.showId, { seats: [3] })]);
    expect(await commit({ ...batch, deadLetters: letters })).toMatchObject({ committed: true });
    const rows = await sql`
      select line_offset::int as offset, key, value, fault from dead_letters order by line_offset`;
    expect([...rows]).toEqual(letters);
  });

  it("stores the words of customers as they are", async () => {
    const customers = ["NULL", "null", '"', "\\", "{a,b}", "'; --", "Zoë 🎟", " ", "a,b", "%s"];
    const books = customers.map((customer) =>
      requestBook(show.showId, { seats: [99] }, { customer }),
    );
    await commit(decideOn(line, books));
    const stored = await loadBookings(
      sql,
      books.map((it) => it.requestId),
    );
    const byId = new Map(stored.map((booking) => [booking.id, booking.customer]));
    expect(books.map((it) => byId.get(it.requestId))).toEqual(customers);
  });
});
