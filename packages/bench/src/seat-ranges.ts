/** Seat numbers as the seat map writes them. Pure. */

const RANGE = /^(\d+)(?:-(\d+))?$/;
/** A seat map with more is not one that this package asked for. */
const SEATS_MAX = 1_000_000;

/** `3-4,9` as 3, 4, 9; null for what is no list of ascending ranges. */
export function parseSeatRanges(text: string): number[] | null {
  if (text === "") return [];
  const seats: number[] = [];
  for (const part of text.split(",")) {
    const match = RANGE.exec(part);
    if (match === null) return null;
    const first = Number(match[1]);
    const last = Number(match[2] ?? first);
    const before = seats.at(-1) ?? 0;
    if (first <= before || last < first || seats.length + last - first >= SEATS_MAX) return null;
    for (let seat = first; seat <= last; seat += 1) seats.push(seat);
  }
  return seats;
}
