/**
 * Seat numbers written short: ascending ranges like `1-2,5`, in layouts, seat maps and requests. What is written
 * here has one text for every set of seats; what is read may be less tidy, as people write it.
 */
import { assert } from "../assert.ts";

export type Range = { readonly first: number; readonly last: number };

const FORM = /^([1-9]\d{0,6})(?:-([1-9]\d{0,6}))?$/;

/** Ascending seat numbers as ranges; the empty list is the empty text. */
export function encodeRanges(ascending: Iterable<number>): string {
  const ranges: string[] = [];
  let [first, last] = [0, 0];
  for (const seat of ascending) {
    assert(seat > last, "seats are encoded in ascending order");
    if (seat !== last + 1 || last === 0) {
      if (last > 0) ranges.push(writeRange(first, last));
      first = seat;
    }
    last = seat;
  }
  if (last > 0) ranges.push(writeRange(first, last));
  return ranges.join(",");
}

/** The text for the seats of ranges in any order; they may touch and overlap. Costs nothing per seat. */
export function joinRanges(ranges: Iterable<Range>): string {
  const joined: { first: number; last: number }[] = [];
  for (const { first, last } of [...ranges].sort((a, b) => a.first - b.first)) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
    else joined.push({ first, last });
  }
  return joined.map(({ first, last }) => writeRange(first, last)).join(",");
}

function writeRange(first: number, last: number): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/**
 * The ranges of a text, or null if it is malformed or does not ascend. Ranges may touch (`1,2`) or be of one seat
 * (`5-5`), but no seat is there twice.
 */
export function parseRanges(text: string): Range[] | null {
  if (text === "") return [];
  const ranges: Range[] = [];
  // Part by part: one expression for all of a long text would need a stack as long as the text.
  for (const part of text.split(",")) {
    const [, from, to] = FORM.exec(part) ?? [];
    if (from === undefined) return null;
    const range = { first: Number(from), last: Number(to ?? from) };
    if (range.first <= (ranges.at(-1)?.last ?? 0) || range.last < range.first) return null;
    ranges.push(range);
  }
  return ranges;
}

/** The seats of a text of ranges. */
export function* seatsOf(text: string): Generator<number> {
  const ranges = parseRanges(text);
  assert(ranges !== null, "ranges are checked where they come from");
  for (const { first, last } of ranges) for (let seat = first; seat <= last; seat++) yield seat;
}

/** How many seats a text of ranges has. */
export function countSeats(text: string): number {
  const ranges = parseRanges(text);
  assert(ranges !== null, "ranges are checked where they come from");
  return ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
}
