/**
 * How much may happen in front of, and because of, one request, so that one commit stays a bounded piece
 * of work. What is left over is gone on with by the next requests, the sweep's or a follow-up.
 */
export type Bounds = {
  /** Bookings that lapse, oldest first. More are only due at once after a long stand-still of a large show. */
  readonly lapses: number;
  /** Who wait and are given places. Until all of them were asked, nobody else gets any. */
  readonly serves: number;
  /** Bookings that a show gives up with one step of its cancellation. */
  readonly cancels: number;
};

export const BOUNDS: Bounds = { lapses: 1_000, serves: 1_000, cancels: 1_000 };

/**
 * Of the bookings that end with a show, so many must be known for one step of its cancellation, in the
 * order of their places: some of them may lapse before it.
 */
export function cancelPageOf({ cancels, lapses }: Bounds): number {
  return cancels + lapses;
}
