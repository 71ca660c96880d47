/**
 * Messages that no worker can decide: each is parked as it came, its owner is told `internal`, and
 * whoever stands around it in the line is decided as if it were not there.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import { encodeRequest } from "@seatline/shared/contract/request.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import { layoutOf, seated } from "@seatline/shared/testing/builders.ts";
import { TestLine } from "@seatline/shared/testing/line.ts";
import {
  requestBook,
  requestExtend,
  requestConfirm,
  requestShow,
} from "@seatline/shared/testing/requests.ts";
import { REQUEST_BYTES_MAX } from "@seatline/shared/line/batch.ts";

import { startWorker } from "../testing/test-worker.ts";
import type { TestWorker } from "../testing/test-worker.ts";

type Letter = {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly fault: string;
};

async function readDeadLetters(line: TestLine): Promise<Letter[]> {
  return await line.sql<Letter[]>`
    select line_offset::int as offset, key, value, fault from dead_letters
     where partition = 0 order by line_offset`;
}

const INTERNAL = { kind: "refused", reason: "internal", facts: null, bookingId: null };

/** Whatever can be wrong with a message, with the owner that it still names. */
function buildPoison(showId: string): { what: string; text: string; owner: string | null }[] {
  const good = requestBook(showId, { seats: [9] });
  const elsewhere = requestBook(requestShow({ partition: 1 }).showId, { seats: [1] });
  const spoil = (changes: Record<string, unknown>) =>
    JSON.stringify({ ...(JSON.parse(encodeRequest(good)) as object), ...changes });
  const owner = good.requestId;
  const stray = requestConfirm(elsewhere.requestId);
  const nul = requestShow({ layout: layoutOf([seated("A", "\u0000", { seatsPerRow: 1 })]) });
  const half = { ...requestShow(), name: "\ud800" };
  return [
    { what: "not JSON", text: "{", owner: null },
    { what: "nothing", text: "", owner: null },
    { what: "no object", text: '"book"', owner: null },
    { what: "unknown version", text: spoil({ v: 2 }), owner },
    { what: "unknown kind", text: spoil({ kind: "sell" }), owner },
    { what: "wrong types", text: spoil({ wants: [{ count: "2" }] }), owner },
    { what: "an id that is none", text: spoil({ requestId: "mine" }), owner: "mine" },
    { what: "another line's show", text: encodeRequest(elsewhere), owner: elsewhere.requestId },
    { what: "another line's booking", text: encodeRequest(stray), owner: stray.requestId },
    { what: "too long", text: "x".repeat(REQUEST_BYTES_MAX + 1), owner: null },
    { what: "a name that Postgres cannot store", text: encodeRequest(nul), owner: nul.requestId },
    { what: "half a character", text: encodeRequest(half), owner: half.requestId },
  ];
}

describe("a message that cannot be decided", () => {
  let line: TestLine;
  let worker: TestWorker;
  let entries: RecordEntry[];
  let letters: Letter[];
  const show = requestShow();
  const poison = buildPoison(show.showId);
  const good: Request[] = [show];

  beforeAll(async () => {
    line = await TestLine.open();
    // All of it stands in the line before the worker comes, so that good and bad share their batches.
    await line.ask(show);
    for (const { text } of poison) {
      const request = requestBook(show.showId, { count: 1 }, { customer: "patient" });
      good.push(request);
      await line.put({ partition: 0, value: text });
      await line.ask(request);
    }
    await line.putBytes(0, Buffer.from([0xff, 0xfe, 0x00]));
    await line.putBytes(0, null);
    const last = requestBook(show.showId, { seats: [99] });
    good.push(last);
    const [offset] = await line.ask(last);
    worker = await startWorker(line);
    await line.decidedUpTo(0, (offset ?? 0) + 1);
    entries = await line.readEntries(0);
    letters = await readDeadLetters(line);
  });
  afterAll(async () => {
    await worker.close();
    await line.close();
  });

  it.each(poison.map(({ what }, index) => ({ what, index })))(
    "($what) is parked as it came, and its owner told",
    ({ index }) => {
      const { text, owner } = poison[index] ?? { text: "", owner: "" };
      const offset = 1 + 2 * index;
      const letter = letters.find((it) => it.offset === offset);
      expect(letter?.value?.toString("utf8")).toBe(text);
      expect(letter?.fault).toMatch(/.+/);
      const entry = entries[offset];
      expect(entry).toMatchObject({ outcome: INTERNAL, changed: [], deadLetter: letter?.fault });
      expect(entry?.requestId).toBe(owner);
    },
  );

  it("keeps bytes that are no text, and the lack of them", () => {
    const tail = letters.slice(-2).map(({ key, value }) => ({ key, value }));
    expect(tail).toEqual([
      { key: null, value: Buffer.from([0xff, 0xfe, 0x00]) },
      { key: null, value: null },
    ]);
  });

  it("does not touch the good ones around it", () => {
    const decided = entries.filter(({ deadLetter }) => deadLetter === null);
    expect(decided.map(({ requestId }) => requestId)).toEqual(
      good.map(({ requestId }) => requestId),
    );
    const seats = decided.slice(1, -1).map(({ changed }) => changed[0]?.seats ?? []);
    const sold = Math.min(10, poison.length);
    expect(seats.flat()).toEqual(Array.from({ length: sold }, (_, index) => index + 1));
  });

  it("is told in the log, once each", () => {
    const parked = worker.lines.filter(({ msg }) => msg.startsWith("parked a dead letter"));
    expect(parked.map(({ offset }) => offset)).toEqual(letters.map(({ offset }) => offset));
    expect(new Set(parked.map(({ level }) => level))).toEqual(new Set(["error"]));
    expect(worker.gaveUp).toEqual([]);
  });
});

describe("a request on which the core fails", () => {
  it("is parked alone, and the line goes on", async () => {
    const line = await TestLine.open();
    const show = requestShow();
    const [first, second, third] = [[1, 2], [3], [4]].map((seats) =>
      requestBook(show.showId, { seats }),
    );
    if (first === undefined || second === undefined || third === undefined)
      throw new Error("three");
    const before = await startWorker(line);
    await line.ask(show, first);
    await line.decidedUpTo(0, 2);
    await before.close();
    // A hold without a limit: extending it breaks an assertion of the core.
    await line.sql`update bookings set hold_limit = null`;

    const worker = await startWorker(line);
    const culprit = requestExtend(first.requestId);
    await line.ask(second, culprit, third);
    await line.decidedUpTo(0, 5);
    const entries = (await line.readEntries(0)).slice(2);
    expect(entries.map(({ requestId }) => requestId)).toEqual(
      [second, culprit, third].map(({ requestId }) => requestId),
    );
    expect(entries.map(({ outcome }) => outcome.kind)).toEqual(["booking", "refused", "booking"]);
    expect(entries[1]).toMatchObject({ outcome: INTERNAL, deadLetter: "the core failed on it" });
    const [letter] = await readDeadLetters(line);
    expect(letter?.value?.toString("utf8")).toBe(encodeRequest(culprit));
    expect(worker.gaveUp).toEqual([]);
    expect(worker.lines.some(({ level, msg }) => level === "error" && msg.includes("core"))).toBe(
      true,
    );
    await worker.close();
    await line.close();
  });
});
