/** What is asked for in the small world: two shows, and three bookings, two of them for the same seat. */
import type { Request } from "@seatline/shared/core/requests.ts";
import { requestBook, requestShow } from "@seatline/shared/testing/requests.ts";

export function buildSmallRequests(): readonly Request[] {
  const [one, other] = [requestShow(), requestShow()];
  return [
    one,
    other,
    requestBook(one.showId, { seats: [1] }),
    requestBook(one.showId, { seats: [1] }),
    requestBook(other.showId, { count: 1 }),
  ];
}
