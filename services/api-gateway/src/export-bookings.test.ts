/**
 * Planted faults that these tests catch: formulas left alone, LF for CRLF, a header on every page, pages
 * read ahead of the reader, reading that goes on when the reader is gone (also among empty pages), a
 * fault that ends the file as if it were whole, a slot that is kept after a fault or an end, q=0 taken
 * for a wish, a wildcard taken for CSV.
 */
import { once } from "node:events";

import { expect, test } from "vitest";

import type { Booking } from "@seatline/shared/core/model.ts";
import type { BookingsAsk, BookingsPage } from "@seatline/shared/db/list-bookings.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import { layoutOf, seated, standing } from "@seatline/shared/testing/builders.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { EXPORTS_MAX, Exports, prefersCsv } from "./export-bookings.ts";

const NOON = Date.UTC(2026, 10, 22, 12);
const SHOW_ID = "01990000-0000-7000-8000-000000000000";
const HEADER =
  "id,showId,show,status,reason,customer,seats,standing,want,price,currency,payment,rescued,place,createdAt,decidedAt,confirmedAt,expiresAt\r\n";

const layout = layoutOf([seated("Stalls", "A-B"), standing("Floor", 10)], { currency: "EUR" });
const show = { id: SHOW_ID, name: 'The "Lion", King', layout } as ShowRow;

const BOOKING: Booking = {
  id: "01990000-0000-7000-8000-0000000000b1",
  showId: SHOW_ID,
  place: { partition: 7, offset: 15_320 },
  requestHash: "",
  customer: "c-1042",
  wants: [{ count: 4 }],
  confirmNow: false,
  status: "CONFIRMED",
  reason: null,
  facts: null,
  want: 0,
  seats: [1, 12],
  standing: [{ section: 1, count: 2 }],
  returned: [],
  price: 17_800,
  prices: null,
  payment: null,
  rescued: false,
  createdAt: NOON,
  decidedAt: NOON + 1,
  updatedAt: NOON + 2,
  expiresAt: null,
  holdLimit: null,
  confirmedAt: NOON + 2,
};

const ASK: BookingsAsk = {
  filter: { showId: null, status: null, customer: null, from: null, to: null },
  after: null,
  limit: 100,
};

/** As many pages as `pages` has, each named by its index; `asked` has what was asked for. */
function buildExports(pages: readonly (readonly Booking[] | Error)[]) {
  const asked: (string | null)[] = [];
  const exports = new Exports({
    loadPage: async ({ after }): Promise<BookingsPage> => {
      asked.push(after);
      // A real page takes a turn of the loop, too.
      await new Promise(setImmediate);
      const index = Number(after ?? 0);
      const page = pages[index] ?? [];
      if (page instanceof Error) throw page;
      return { bookings: [...page], next: index + 1 < pages.length ? String(index + 1) : null };
    },
    findShows: async () => new Map([[SHOW_ID, show]]),
  });
  const open = async () => {
    const file = await exports.open(ASK);
    if (file === null) throw new Error("there is room for another file");
    return file;
  };
  return { exports, open, asked };
}

async function write(pages: readonly (readonly Booking[])[]): Promise<string> {
  const { open } = buildExports(pages);
  return (await (await open()).toArray()).join("");
}

test("a booking is a line, under a header that comes once", async () => {
  const failed: Booking = {
    ...BOOKING,
    showId: "01990000-0000-7000-8000-000000000009",
    status: "FAILED",
    reason: "seats-taken",
    customer: null,
    want: null,
    price: null,
    rescued: true,
    confirmedAt: null,
  };
  expect(await write([[BOOKING], [], [failed]])).toBe(
    HEADER +
      `${BOOKING.id},${SHOW_ID},"The ""Lion"", King",CONFIRMED,,c-1042,Stalls A1; Stalls B2,Floor x 2,` +
      "0,17800,EUR,,false,7-15320,2026-11-22T12:00:00.000Z,2026-11-22T12:00:00.001Z,2026-11-22T12:00:00.002Z,\r\n" +
      `${BOOKING.id},${failed.showId},,FAILED,seats-taken,,,,,,,,true,7-15320,` +
      "2026-11-22T12:00:00.000Z,2026-11-22T12:00:00.001Z,,\r\n",
  );
  expect(await write([[]])).toBe(HEADER);
});

test.each([
  ["=1+1", "'=1+1"],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@A1", "'@A1"],
  ["\t=1", "'\t=1"],
  ["\r=1", `"'\r=1"`],
  ["＝1", "'＝1"],
  ['=HYPERLINK("x","y")', `"'=HYPERLINK(""x"",""y"")"`],
  ["a=1", "a=1"],
  ["a,b", '"a,b"'],
  ["two\nlines", '"two\nlines"'],
  ["Zoë 🎭", "Zoë 🎭"],
])("the customer %j is written %j", async (customer, cell) => {
  const text = await write([[{ ...BOOKING, customer, payment: customer }]]);
  expect(text).toContain(`,CONFIRMED,,${cell},Stalls A1; Stalls B2,`);
  expect(text).toContain(`,EUR,${cell},false,`);
});

test("what nobody reads is not read ahead, and who goes away ends the reading", async () => {
  const { open, asked } = buildExports(Array.from({ length: 50 }, () => [BOOKING]));
  const file = await open();
  file.once("readable", () => {});
  await waitUntil("the file has begun", () => file.readableLength > 0);
  await new Promise(setImmediate);
  expect(asked.length).toBeLessThanOrEqual(3);
  file.destroy();
  await once(file, "close");
  const { length } = asked;
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(asked.length - length).toBeLessThanOrEqual(1);
});

test("who goes away ends a search that has found nothing yet", async () => {
  const { open, asked } = buildExports(Array.from({ length: 100_000 }, () => []));
  const file = await open();
  file.resume();
  await waitUntil("the search is on", () => asked.length > 100);
  file.destroy();
  await once(file, "close");
  const { length } = asked;
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  expect(asked.length - length).toBeLessThanOrEqual(1);
  expect(length).toBeLessThan(100_000);
});

test("a fault on the first page is thrown, one on a later page is the file's", async () => {
  const broken = new Error("Postgres is away");
  const { exports, open } = buildExports([broken]);
  for (let file = 0; file <= EXPORTS_MAX; file++) await expect(open()).rejects.toBe(broken);
  expect(await exports.open(ASK).catch(() => "not full")).toBe("not full");
  const later = await buildExports([[BOOKING], [BOOKING], broken]).open();
  await expect(later.toArray()).rejects.toBe(broken);
});

test("so many files are open at once; one that has ended, broken or been left makes room", async () => {
  const { exports, open } = buildExports([[BOOKING], new Error("Postgres is away")]);
  const files = [];
  for (let file = 0; file < EXPORTS_MAX; file++) files.push(await open());
  expect(await exports.open(ASK)).toBeNull();
  const [left, broken] = files;
  left?.destroy();
  await expect(broken?.toArray()).rejects.toThrow("away");
  const again = [await open(), await open()];
  expect(await exports.open(ASK)).toBeNull();
  for (const file of [...files, ...again]) file.destroy();
  const { open: openShort } = buildExports([[]]);
  for (let file = 0; file <= EXPORTS_MAX; file++) await (await openShort()).toArray();
});

test.each([
  [undefined, false],
  ["", false],
  ["*/*", false],
  ["application/json", false],
  ["text/csv", true],
  ["TEXT/CSV", true],
  ["text/csv; charset=utf-8", true],
  ["text/*", true],
  ["text/csv, */*", true],
  ["text/csv, */*;q=0.1", true],
  ["application/json, text/csv", false],
  ["text/csv, application/json", false],
  ["text/csv;q=0.9, application/json", false],
  ["text/csv, application/json;q=0.9", true],
  ["text/csv, application/*", true],
  ["application/json;q=0.5, text/csv; q=0.8, */*;q=0.9", true],
  ["text/csv;q=0.5, */*", false],
  ["text/csv;q=0", false],
  ["text/csv;q=0, application/json;q=0", false],
  ["*/*, application/json;q=0", true],
  ["text/csv;q=x", false],
  ["text/html, application/xhtml+xml, */*;q=0.8", false],
  ["image/png", false],
])("Accept: %s asks for CSV: %s", (accept, isCsv) => {
  expect(prefersCsv(accept)).toBe(isCsv);
});
