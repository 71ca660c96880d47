/**
 * Sales at random: larger shows with everything that there is (ladders, groups, limits, waiting lists, changes of
 * the show), and what people ask of them, mostly sense. All of it follows from the seed and from what the line
 * has become; the habits say how crowded a sale is.
 */
import type { Booking, Want } from "../core/model.ts";
import type { Book, Cancel, CreateShow, Request, ShowChanges } from "../core/requests.ts";
import { buildSeatPlan } from "../core/seats/layout.ts";
import type { Layout, Section } from "../core/seats/layout.ts";
import { encodeRanges } from "../core/seats/ranges.ts";
import type { LineState } from "../core/show.ts";
import { book, changeShow, confirm, createShow, expire, extend } from "./builders.ts";
import { buildRandom } from "./random.ts";
import type { Random } from "./random.ts";

/** How long a hold lasts in every show of a random sale. */
export const HOLD_MS = 200;
const CUSTOMERS = ["ann", "bob", "eve"];

export type SaleHabits = {
  /** How many of those who book would wait, and how long at most those who say so. */
  readonly waits: number;
  readonly waitMsMax: number;
  /** How many of those who book want no hold. */
  readonly confirmsNow: number;
  /** How many of the changes that would end the sale for a while are made. */
  readonly closes: number;
};

/** What requests are built from. `state` and `appendedAt` go on with the line. */
export type RandomSale = {
  readonly random: Random;
  readonly habits: SaleHabits;
  readonly shows: readonly CreateShow[];
  readonly books: Book[];
  state: LineState;
  appendedAt: number;
  /** Whether shows may be cancelled: late, or there would be nothing left to sell. */
  isLate: boolean;
};

function buildSection(random: Random, index: number): Section {
  const [name, price] = [`Section ${index}`, random.int(1, 4) * 100];
  const kind = random.pick(["seated", "seated", "plain", "standing"] as const);
  if (kind === "standing") return { kind, name, capacity: random.int(1, 30), price };
  if (kind === "plain") return { kind, name, seats: random.int(1, 40), price };
  const seatsPerRow = Array.from({ length: random.int(1, 4) }, () => random.int(1, 12));
  const aislesAfter = [3, 6, 9].filter(() => random.chance(0.3));
  return { kind, name, rows: `1-${seatsPerRow.length}`, seatsPerRow, aislesAfter, price };
}

/** Each of the seats 1 to `last` with the same probability, as ranges. */
export function someSeats(random: Random, last: number, probability: number): string {
  const seats: number[] = [];
  for (let seat = 1; seat <= last; seat++) if (random.chance(probability)) seats.push(seat);
  return encodeRanges(seats);
}

/** Two shows for which nothing was asked yet, and the line that shall decide it. */
export function buildRandomSale(
  saleSeed: number,
  habits: SaleHabits,
  state: LineState,
): RandomSale {
  const random = buildRandom(saleSeed);
  const shows = ["one", "two"].map((id) => {
    const length = random.int(1, 4);
    const sections = Array.from({ length }, (_, index) => buildSection(random, index));
    const currency = random.chance(0.7) ? "EUR" : null;
    const plain: Layout = { sections, currency, accessible: "", blocked: "" };
    const { seats } = buildSeatPlan(plain);
    const layout = {
      ...plain,
      accessible: someSeats(random, seats, 0.1),
      blocked: someSeats(random, seats, 0.05),
    };
    const rules = {
      holdMs: HOLD_MS,
      holdMaxMs: 3 * HOLD_MS,
      rescueMs: random.pick([0, HOLD_MS, 5 * HOLD_MS]),
      confirmation: random.pick(["manual", "manual", "automatic"] as const),
      cancelConfirmed: id === "one",
      seatsPerBookingMax: random.pick([6, 50]),
      seatsPerCustomerMax: random.pick([null, null, 8]),
      holdsPerCustomerMax: random.pick([null, null, 3]),
    };
    return createShow({ id, layout, rules, opensAt: random.pick([null, 100]) });
  });
  return { random, habits, shows, books: [], state, appendedAt: 0, isLate: false };
}

/** What somebody might want of such a show, mostly sense. */
export function buildRandomWant(random: Random, layout: Layout): Want {
  const last = buildSeatPlan(layout).seats;
  // A plain section has none.
  const names = layout.sections.map(({ name }) => name).filter((name) => name !== "");
  const filter = {
    ...(random.chance(0.2) && names.length > 0
      ? { sections: names.filter((_, index) => index === 0 || random.chance(0.5)) }
      : {}),
    ...(random.chance(0.2) ? { priceMax: random.int(1, 4) * 100 } : {}),
    ...(random.chance(0.1) ? { accessible: true as const } : {}),
  };
  const kind = random.pick(["count", "together", "seats"] as const);
  if (kind === "count") return { ...filter, count: random.int(1, random.pick([2, 2, 7, 20])) };
  if (kind === "together" || last === 0) {
    const length = random.pick([1, 1, 2, 3]);
    return { ...filter, together: Array.from({ length }, () => random.int(1, 4)) };
  }
  // Now and then a seat that the show does not have.
  if (random.chance(0.03)) return { seats: [last, last + 1] };
  const seats = Array.from({ length: random.int(1, 4) }, () => random.int(1, last));
  return { ...(random.chance(0.3) ? filter : {}), seats: [...new Set(seats)] };
}

function buildBook({ random, habits, shows, books, appendedAt }: RandomSale): Book {
  const { showId, layout } = random.pick(shows);
  const length = random.int(1, 3);
  const until = random.pick([null, appendedAt + random.int(0, habits.waitMsMax)]);
  const request = {
    ...book(`b${books.length}`, ...Array.from({ length }, () => buildRandomWant(random, layout))),
    showId: random.chance(0.01) ? "nowhere" : showId,
    customer: random.chance(0.95) ? random.pick(CUSTOMERS) : null,
    confirmNow: random.chance(habits.confirmsNow),
    holdMs: random.chance(0.2) ? random.int(1, 4 * HOLD_MS) : null,
    wait: random.chance(habits.waits) ? { until } : null,
    byStaff: random.chance(0.1),
  };
  books.push(request);
  return request;
}

function buildCancel({ random, state, shows }: RandomSale, bookingId: string): Cancel {
  const booking = state.bookings.get(bookingId);
  const layout = shows.find(({ showId }) => showId === booking?.showId)?.layout;
  const sections = layout?.sections.map(({ name }) => name) ?? [];
  const places = {
    seats: [...(booking?.seats ?? []), ...(booking?.returned ?? []), 999].filter((seat) =>
      random.chance(seat === 999 ? 0.05 : 0.4),
    ),
    standing: (booking?.standing ?? []).map(({ section }) => ({
      section: sections[section] ?? "",
      keep: random.int(0, 3),
    })),
  };
  return {
    kind: "cancel",
    requestId: `cancel-${bookingId}`,
    bookingId,
    places: random.chance(0.5) ? places : null,
    byStaff: random.chance(0.2),
  };
}

function buildChange({ random, habits, shows, appendedAt, isLate }: RandomSale): Request {
  const { showId, layout } = random.pick(shows);
  const last = buildSeatPlan(layout).seats;
  const { name } = random.pick(layout.sections);
  const ending = (changes: ShowChanges) => (random.chance(habits.closes) ? changes : {});
  const changes = random.pick<() => ShowChanges>([
    () => ({ block: someSeats(random, last, 0.05) }),
    () => ({ unblock: someSeats(random, last, 0.5) }),
    () => ({ unblock: `${last + 1}` }),
    () => ({ sections: [{ name, price: random.int(1, 4) * 100 }] }),
    () => ({ sections: [{ name, standing: random.int(0, 40) }] }),
    () => ending({ sale: "closed" }),
    () => ({ sale: "open", archived: false, opensAt: null, closesAt: null }),
    () => ({ sale: "open", archived: false, opensAt: null, closesAt: null }),
    () => ending({ archived: true }),
    () => ending({ closesAt: appendedAt + random.int(-50, 300) }),
    () => ending({ opensAt: appendedAt + random.int(-50, 100) }),
    () => (isLate ? { sale: "cancelled" } : {}),
  ])();
  return { ...changeShow(changes), showId: random.chance(0.05) ? "nowhere" : showId };
}

/** Somebody who has a hold, or had one, if there is anybody among the last. */
function findRecent({ books, state }: RandomSale, isWanted: (booking: Booking) => boolean): string {
  const known = books.slice(-30).map(({ requestId }) => state.bookings.get(requestId));
  return known.find((booking) => booking !== undefined && isWanted(booking))?.id ?? "nobody";
}

/** Mostly new bookings and what their owners do next; sometimes old ones, sometimes nonsense. */
export function buildRequest(sale: RandomSale): Request {
  const { random, books, shows } = sale;
  const recent = books.slice(random.chance(0.8) ? -20 : 0);
  if (recent.length === 0 || random.chance(0.4)) return buildBook(sale);
  const request = random.pick(recent);
  const id = random.chance(0.02) ? "nobody" : request.requestId;
  return random.pick<() => Request>([
    () => confirm(id, "paid"),
    () =>
      confirm(
        findRecent(sale, ({ reason }) => reason === "hold-expired"),
        "late",
      ),
    () => extend(id, random.pick([null, random.int(1, 4 * HOLD_MS)])),
    () =>
      extend(
        findRecent(sale, ({ status }) => status === "PENDING"),
        9 * HOLD_MS,
      ),
    () => buildCancel(sale, id),
    () => buildCancel(sale, id),
    () => buildCancel(sale, id),
    () => buildChange(sale),
    () => expire(id),
    () => request,
    () => ({ ...request, requestHash: "another" }),
    () => random.pick(shows),
  ])();
}
