/** Records are read as they were written, and each covers the one before. */
import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import type { Booking } from "../core/model.ts";
import { buildLine, decideOn, lineAfter } from "../testing/batches.ts";
import { layoutOf, seated, standing } from "../testing/builders.ts";
import { NOON, requestBook, requestCancel, requestShow } from "../testing/requests.ts";
import { buildEvents } from "./event.ts";
import { FIRST_TAIL, encodeEntry, encodeRecord, hashChain, parseRecord } from "./record.ts";
import type { LineRecord } from "./record.ts";

const layout = layoutOf([seated("Stalls", "A", { seatsPerRow: 2 }), standing("Floor", 3)]);
const show = requestShow({ layout });
const book = requestBook(show.showId, { count: 4 }, { customer: 'Zoë "the \\ one"' });
const refused = requestBook(show.showId, { seats: [1] });
const first = decideOn(buildLine(), [show, book, refused]);
const second = decideOn(lineAfter(buildLine(), first), [requestCancel(book.requestId)]);

function read(body: string): LineRecord {
  const record = parseRecord(body);
  if (record === null) throw new Error("it is a record");
  return record;
}

describe("a record", () => {
  it("is read as it was written, whatever stands in it", () => {
    const record = read(first.body);
    expect(record).toMatchObject({
      v: 1,
      partition: 0,
      first: 0,
      next: 3,
      previousTail: FIRST_TAIL,
    });
    expect(record.entries).toHaveLength(3);
    expect(record.entries[1]?.changed).toEqual([first.state.bookings.get(book.requestId)]);
    const { entries, ...head } = record;
    expect(encodeRecord(head, entries.map(encodeEntry))).toEqual({
      body: first.body,
      tail: first.tail,
    });
  });

  it("says which tail it was decided on, and its own covers all of it", () => {
    expect(read(second.body).previousTail).toBe(first.tail);
    const sha = createHash("sha256").update(first.tail).update(second.body).digest("hex");
    expect(second.tail).toBe(sha);
    expect(hashChain(first.tail, `${second.body} `)).not.toBe(sha);
    expect(hashChain(FIRST_TAIL, second.body)).not.toBe(sha);
  });

  it("tells the counters of the shows that it touched, and their running hash", () => {
    const [before] = read(first.body).shows;
    const [after] = read(second.body).shows;
    expect(before).toMatchObject({ id: show.showId, version: 1, free: 1, held: 4, confirmed: 0 });
    expect(after).toMatchObject({ id: show.showId, version: 2, free: 5, held: 0, confirmed: 0 });
    const [entry] = read(second.body).entries;
    if (entry === undefined) throw new Error("it has one entry");
    expect(after?.hash).toBe(hashChain(before?.hash ?? "", encodeEntry(entry)));
  });

  it("tells which seats it made free, held and confirmed, and how the standing sections are", () => {
    const [before] = read(first.body).shows;
    const [after] = read(second.body).shows;
    expect(before?.seats).toEqual({ free: "", held: "1-2", confirmed: "" });
    expect(before?.standing).toEqual([{ section: 1, free: 1, held: 2, confirmed: 0 }]);
    expect(after?.seats).toEqual({ free: "1-2", held: "", confirmed: "" });
    expect(after?.standing).toEqual([{ section: 1, free: 3, held: 0, confirmed: 0 }]);
  });

  it("may have members that we do not know", () => {
    const json = { ...(JSON.parse(first.body) as object), later: true };
    expect(parseRecord(JSON.stringify(json))).toMatchObject({ next: 3 });
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["null", "null"],
    ["another version", JSON.stringify({ ...(JSON.parse(first.body) as object), v: 2 })],
    ["no entries", JSON.stringify({ ...(JSON.parse(first.body) as object), entries: undefined })],
    [
      "a tail that is none",
      JSON.stringify({ ...(JSON.parse(first.body) as object), previousTail: "" }),
    ],
    ["an unknown status", first.body.replace('"PENDING"', '"LOST"')],
  ])("is null if it is %s", (_, body) => {
    expect(parseRecord(body)).toBeNull();
  });
});

describe("events", () => {
  it("are one for each change, in order, with an id that is always the same", () => {
    const events = [first, second].flatMap(({ body }) => buildEvents(read(body)));
    expect(events.map(({ event }) => [event.id, event.type, event.subject])).toEqual([
      ["0-1-0", "seatline.booking.pending", book.requestId],
      ["0-2-0", "seatline.booking.failed", refused.requestId],
      ["0-3-0", "seatline.booking.cancelled", book.requestId],
    ]);
    expect(new Set(events.map(({ showId }) => showId))).toEqual(new Set([show.showId]));
  });

  it("are CloudEvents 1.0, with the booking as it then was", () => {
    const [{ event } = {}] = buildEvents(read(first.body));
    const booking: Booking | undefined = first.state.bookings.get(book.requestId);
    expect(event).toEqual({
      specversion: "1.0",
      id: "0-1-0",
      source: "/seatline",
      type: "seatline.booking.pending",
      subject: book.requestId,
      time: new Date(NOON + 1).toISOString(),
      datacontenttype: "application/json",
      data: booking,
    });
  });
});
