/** Which shows a partition keeps in memory between batches. Pure. */
import type { LineState } from "@seatline/shared/core/show.ts";

/** The one touched longest ago goes first. */
const SHOWS_MAX = 500;
/** The seats of all of them, ten of the largest shows: each takes about a byte, and so many for each partition. */
const SEATS_MAX = 10_000_000;
/** Customers of one show whose counts are kept; a show with more is loaded anew when it is needed. */
const CUSTOMERS_MAX = 200_000;

/** The shows that must go; `touched` has all of them, the one touched last at its end. */
export function listSurplusShows(
  shows: LineState["shows"],
  touched: Iterable<string>,
): ReadonlySet<string> {
  const surplus = new Set<string>();
  let [kept, seats] = [0, 0];
  for (const id of [...touched].reverse()) {
    const show = shows.get(id);
    if (show === undefined) continue;
    kept += 1;
    seats += show.plan.seats;
    const isTooMuch = kept > SHOWS_MAX || seats > SEATS_MAX;
    if (isTooMuch || show.usage.size > CUSTOMERS_MAX) surplus.add(id);
  }
  return surplus;
}
