/** Seats that are written as ranges, one by one. */
import { parseRanges } from "@seatline/shared/core/seats/ranges.ts";

/** None where the text is no ranges. */
export function listSeats(text: string): number[] {
  if (text === "") return [];
  const seats: number[] = [];
  for (const { first, last } of parseRanges(text) ?? []) {
    for (let seat = first; seat <= last; seat++) seats.push(seat);
  }
  return seats;
}
