/** What is taken for a request, and what is said of everything else. */
import { describe, expect, it } from "vitest";

import type { Request } from "../core/requests.ts";
import { CAPACITY_MAX } from "../core/seats/layout.ts";
import { layoutOf, seated, standing } from "../testing/builders.ts";
import {
  requestBook,
  requestCancel,
  requestChange,
  requestConfirm,
  requestExpire,
  requestExtend,
  requestShow,
} from "../testing/requests.ts";
import { encodeRequest, hashBook, parseRequest } from "./request.ts";
import { PLACES_PER_BOOKING_MAX } from "./values.ts";

const show = requestShow();
const book = requestBook(show.showId, { seats: [1, 2] }, { customer: "Zoë" });
const counted = requestBook(show.showId, { count: 2 });
const confirm = requestConfirm(book.requestId, "payment 1");
const cancel = requestCancel(book.requestId);
const expire = requestExpire(book.requestId);
const extend = requestExtend(book.requestId, 60_000);
const change = requestChange(show.showId, { sale: "closed", block: "1-3,7" });
const partial = { ...cancel, places: { seats: [1], standing: [{ section: "Floor", keep: 0 }] } };

type Json = Record<string, unknown>;

/** A request's message with some members changed; `undefined` takes one away. */
function spoil(request: Request, changes: Json): string {
  return JSON.stringify({ ...(JSON.parse(encodeRequest(request)) as Json), ...changes });
}

/** As many seats as a want may name. */
function listSeats(first: number): number[] {
  return Array.from({ length: PLACES_PER_BOOKING_MAX }, (_, index) => first + index);
}

function faultOf(text: string): string {
  const parsed = parseRequest(text);
  return "fault" in parsed ? parsed.fault : "none";
}

/** So many sections of one row each. */
const hall = (count: number, seatsPerRow: number) =>
  layoutOf(Array.from({ length: count }, (_, index) => seated(`${index}`, "A", { seatsPerRow })));
const floors = (count: number, capacity: number) =>
  layoutOf(Array.from({ length: count }, (_, index) => standing(`${index}`, capacity)));

describe("a request", () => {
  it.each<Request>([
    show,
    book,
    counted,
    confirm,
    cancel,
    expire,
    extend,
    change,
    partial,
    requestConfirm(book.requestId),
    requestExtend(book.requestId),
  ])("of kind $kind is read as it was written", (request) => {
    expect(parseRequest(encodeRequest(request))).toMatchObject({ request });
  });

  it("may have members that we do not know", () => {
    const text = spoil(book, { discount: { of: 10 }, "": null });
    expect(parseRequest(text)).toMatchObject({ request: book });
  });

  it.each([
    ["the most places", requestBook(show.showId, { count: PLACES_PER_BOOKING_MAX })],
    ["one place", requestBook(show.showId, { count: 1 })],
    ["the last seat there can be", requestBook(show.showId, { seats: [CAPACITY_MAX] })],
    [
      "a customer of 128 characters",
      requestBook(show.showId, { count: 1 }, { customer: "x".repeat(128) }),
    ],
  ])("may ask for %s", (_, request) => {
    expect(faultOf(encodeRequest(request))).toBe("none");
  });

  it("may create a show of the most places", () => {
    expect(faultOf(spoil(show, { layout: floors(10, CAPACITY_MAX / 10) }))).toBe("none");
  });
});

describe("what is no request", () => {
  it.each(["", " ", "{", "{'v':1}", "undefined", '{"v":1}x', "\u0000", "NaN"])(
    "%j is not JSON",
    (text) => {
      expect(parseRequest(text)).toEqual({ fault: "not JSON", requestId: null });
    },
  );

  it.each(["null", "1", '"book"', "true"])("%s is no object", (text) => {
    expect(parseRequest(text)).toEqual({ fault: "no object", requestId: null });
  });

  it.each([undefined, null, 0, 2, "1", [1], {}])("has not the version %j", (v) => {
    expect(parseRequest(spoil(book, { v }))).toEqual({
      fault: "unknown version",
      requestId: book.requestId,
    });
    expect(faultOf("[]")).toBe("unknown version");
  });

  it.each([undefined, null, "", "BOOK", "sell", "toString", "__proto__", 1, ["book"]])(
    "is not of the kind %j",
    (kind) => {
      expect(parseRequest(spoil(book, { kind }))).toEqual({
        fault: "unknown kind",
        requestId: book.requestId,
      });
    },
  );

  it.each<[string, string]>([
    ["no requestId", spoil(cancel, { requestId: undefined })],
    ["a requestId that is no UUID", spoil(cancel, { requestId: "mine" })],
    ["a requestId in capitals", spoil(cancel, { requestId: cancel.requestId.toUpperCase() })],
    ["no bookingId", spoil(cancel, { bookingId: undefined })],
    ["a number for a bookingId", spoil(expire, { bookingId: 7 })],
    ["no payment", spoil(confirm, { payment: undefined })],
    ["an empty payment", spoil(confirm, { payment: "" })],
    ["a payment too long", spoil(confirm, { payment: "x".repeat(256) })],
    ["a payment with a NUL", spoil(confirm, { payment: "a\u0000b" })],
    ["no showId", spoil(book, { showId: undefined })],
    ["an empty customer", spoil(book, { customer: "" })],
    ["a customer too long", spoil(book, { customer: "x".repeat(129) })],
    ["a customer with a NUL", spoil(book, { customer: "\u0000" })],
    ["a customer with a new line", spoil(book, { customer: "a\nb" })],
    ["a customer with a DEL", spoil(book, { customer: "\u007f" })],
    ["a number for a customer", spoil(book, { customer: 1 })],
    ["no wants", spoil(book, { wants: undefined })],
    ["an empty list of wants", spoil(book, { wants: [] })],
    ["eleven wants", spoil(book, { wants: Array.from({ length: 11 }, () => ({ count: 1 })) })],
    ["groups of too many", spoil(book, { wants: [{ together: [26, 25] }] })],
    [
      "wants of too many words",
      spoil(book, { wants: Array.from({ length: 6 }, () => ({ seats: listSeats(100_000) })) }),
    ],
    ["no groups", spoil(book, { wants: [{ together: [] }] })],
    ["a group of nobody", spoil(book, { wants: [{ together: [0] }] })],
    ["nine groups", spoil(book, { wants: [{ together: [1, 1, 1, 1, 1, 1, 1, 1, 1] }] })],
    ["no sections", spoil(book, { wants: [{ count: 1, sections: [] }] })],
    ["a price below nothing", spoil(book, { wants: [{ count: 1, priceMax: -1 }] })],
    ["not accessible", spoil(book, { wants: [{ count: 1, accessible: false }] })],
    ["no word on waiting", spoil(book, { wait: undefined })],
    ["no word on the staff", spoil(book, { byStaff: undefined })],
    ["a hold of no length", spoil(extend, { holdMs: 0 })],
    ["a change of tomorrow", spoil(change, { changes: { colour: "red" } })],
    ["seats that are no ranges", spoil(change, { changes: { block: "3-1" } })],
    ["seats in words", spoil(change, { changes: { unblock: "all" } })],
    ["a sale of another kind", spoil(change, { changes: { sale: "open-air" } })],
    ["a section of no name", spoil(change, { changes: { sections: [{ price: 1 }] } })],
    ["seat 0 given back", spoil(partial, { places: { seats: [0], standing: [] } })],
    ["a want for nothing", spoil(book, { wants: [{}] })],
    ["a want that is null", spoil(book, { wants: [null] })],
    ["a want of two kinds", spoil(book, { wants: [{ count: 1, seats: [1] }] })],
    ["a want with garbage beside it", spoil(book, { wants: [{ count: 1, seats: ["1"] }] })],
    ["a want with a member of tomorrow", spoil(book, { wants: [{ count: 1, rows: ["A"] }] })],
    ["the same seat twice", spoil(book, { wants: [{ seats: [1, 1] }] })],
    ["no seats", spoil(book, { wants: [{ seats: [] }] })],
    ["seat 0", spoil(book, { wants: [{ seats: [0] }] })],
    ["seat -1", spoil(book, { wants: [{ seats: [-1] }] })],
    ["seat 1.5", spoil(book, { wants: [{ seats: [1.5] }] })],
    ["a seat in words", spoil(book, { wants: [{ seats: ["1"] }] })],
    ["a seat beyond any show", spoil(book, { wants: [{ seats: [CAPACITY_MAX + 1] }] })],
    [
      "too many seats",
      spoil(book, {
        wants: [{ seats: Array.from({ length: PLACES_PER_BOOKING_MAX + 1 }, (_, it) => it + 1) }],
      }),
    ],
    ["a count in words", spoil(book, { wants: [{ count: "2" }] })],
    ["a count of -3", spoil(book, { wants: [{ count: -3 }] })],
    ["a count of 0", spoil(book, { wants: [{ count: 0 }] })],
    ["a count of 1.5", spoil(book, { wants: [{ count: 1.5 }] })],
    ["a count of null", spoil(book, { wants: [{ count: null }] })],
    ["a count too large", spoil(book, { wants: [{ count: PLACES_PER_BOOKING_MAX + 1 }] })],
    ["a count without end", spoil(book, { wants: [{ count: 1e308 }] }).replace("1e+308", "1e999")],
    ["a word for confirmNow", spoil(book, { confirmNow: "true" })],
    ["no confirmNow", spoil(book, { confirmNow: undefined })],
    ["a hash that is none", spoil(book, { requestHash: "hash" })],
    ["a nameless show", spoil(show, { name: "" })],
    ["a name with a NUL", spoil(show, { name: "a\u0000" })],
    ["a name too long", spoil(show, { name: "x".repeat(201) })],
    ["a start in words", spoil(show, { startsAt: "tomorrow" })],
    ["a start before time", spoil(show, { startsAt: -1 })],
    ["a start after time", spoil(show, { startsAt: 253_402_300_800_000 })],
    ["no layout", spoil(show, { layout: undefined })],
    ["a layout of nothing", spoil(show, { layout: { sections: [] } })],
    ["a section of no kind", spoil(show, { layout: { sections: [{ name: "A" }] } })],
    ["a row of no seats", spoil(show, { layout: hall(1, 0) })],
    ["a section of no rows", spoil(show, { layout: layoutOf([seated("S", "")]) })],
    ["a hold of no time", spoil(show, { rules: { ...show.rules, holdMs: 0 } })],
    ["a hold of two days", spoil(show, { rules: { ...show.rules, holdMs: 172_800_000 } })],
    [
      "a confirmation of another kind",
      spoil(show, { rules: { ...show.rules, confirmation: "no" } }),
    ],
  ])("is parked: %s", (_, text) => {
    const parsed = parseRequest(text);
    expect("fault" in parsed && parsed.fault).toMatch(/^(\/|the request)/);
    expect("request" in parsed).toBe(false);
  });

  // Each row and each section is within its bound; together they would ask for gigabytes.
  it("is a show of more places than a show can have", () => {
    const layout = floors(2, CAPACITY_MAX);
    expect(faultOf(spoil(show, { layout }))).toMatch(/^\/layout.* 1000000 places/);
  });

  it("still tells whose it was, if it says so", () => {
    const parsed = parseRequest(spoil(book, { wants: "all" }));
    expect(parsed).toMatchObject({ requestId: book.requestId });
    expect(parseRequest(spoil(book, { requestId: 7, kind: "?" }))).toMatchObject({
      requestId: null,
    });
  });
});

describe("hashBook", () => {
  it("tells whether the same is asked for", () => {
    expect(hashBook({ ...book })).toBe(book.requestHash);
    expect(hashBook({ ...book, wants: [{ seats: [1, 2] }] })).toBe(book.requestHash);
    const [one, other] = [
      [{ count: 1, sections: ["A"], priceMax: 5 }],
      [{ priceMax: 5, sections: ["A"], count: 1 }],
    ];
    expect(hashBook({ ...book, wants: one ?? [] })).toBe(hashBook({ ...book, wants: other ?? [] }));
    const others = [
      { ...book, showId: "another" },
      { ...book, customer: null },
      { ...book, wants: [{ seats: [2, 1] }] },
      { ...book, wants: [{ count: 2 }] },
      { ...book, confirmNow: true },
      { ...book, wait: { until: null } },
      { ...book, byStaff: true },
    ];
    const hashes = new Set([book, ...others].map((asked) => hashBook(asked)));
    expect(hashes.size).toBe(1 + others.length);
  });
});
