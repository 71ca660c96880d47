/**
 * What `npm run performance` measures on: shows of a hundred and of a million seats that are alike in all
 * but size, half sold in three ways. Everything follows from fixed numbers, so every run measures the same.
 */
import type { Moment } from "@seatline/shared/core/decision.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import type { Layout, Section } from "@seatline/shared/core/seats/layout.ts";
import type { Booking, ShowFacts, Want } from "@seatline/shared/core/model.ts";
import { encodeRanges } from "@seatline/shared/core/seats/ranges.ts";
import type { Book } from "@seatline/shared/core/requests.ts";
import { buildLineState } from "@seatline/shared/core/show.ts";
import type { LineState, Show } from "@seatline/shared/core/show.ts";
import { step } from "@seatline/shared/core/step.ts";

import { listOrders } from "./performance-orders.ts";
import { WAYS } from "./performance-orders.ts";
import type { Way } from "./performance-orders.ts";

export const SIZES = ["small", "large"] as const;
export type Size = (typeof SIZES)[number];
export const KINDS = ["seated", "plain"] as const;
export type Kind = (typeof KINDS)[number];

/** A half-sold show as a worker has it in memory, and what is written down of it. */
export type Sale = {
  readonly state: LineState;
  readonly show: Show;
  /** Whoever has places, holds and confirmed ones. Memory keeps only the former, as the worker does. */
  readonly sold: readonly Booking[];
  readonly waiting: readonly Booking[];
};

export type Sales = Readonly<Record<Kind, Readonly<Record<Way, Readonly<Record<Size, Sale>>>>>>;

/** Any moment: all bookings are made at it. */
export const SALE_AT = Date.UTC(2027, 0, 1);
const DAY_MS = 24 * 60 * 60 * 1_000;

type House = {
  /** How many rows each section has. */
  readonly rows: readonly number[];
  readonly seatsPerRow: number;
  readonly aislesAfter: readonly number[];
  /** Every so many rows of a section one begins with ten accessible seats. */
  readonly accessibleEvery: number;
  /** So many seats at the end of each section are not for sale. */
  readonly blockedPerSection: number;
  readonly standing: readonly number[];
  /** One of so many bookings is a hold. */
  readonly holdEvery: number;
  readonly waiting: number;
  /** A prime, so that all of them have something. */
  readonly customers: number;
  /** For the sale at random; chosen so that whatever shall fit into the small show does. */
  readonly seed: number;
};

const HOUSES: Readonly<Record<Size, House>> = {
  small: {
    rows: [2, 2, 1],
    seatsPerRow: 20,
    aislesAfter: [5, 15],
    accessibleEvery: 2,
    blockedPerSection: 1,
    standing: [6],
    holdEvery: 4,
    waiting: 5,
    customers: 11,
    seed: 335,
  },
  large: {
    rows: Array.from({ length: 100 }, () => 100),
    seatsPerRow: 100,
    aislesAfter: [25, 75],
    accessibleEvery: 10,
    blockedPerSection: 50,
    standing: [1_000, 1_000, 1_000],
    holdEvery: 16,
    waiting: 1_000,
    customers: 4_999,
    seed: 335,
  },
};

const ACCESSIBLE_RUN = 10;
/** In minor units, the dearest first; sections share them evenly. */
const PRICES = [12_000, 9_000, 6_000, 4_000] as const;
const STANDING_PRICE = 3_000;
/** What half of the sections cost at most. */
export const PRICE_MAX = PRICES[2];

export function buildLayout(kind: Kind, size: Size): Layout {
  const house = HOUSES[size];
  const seats = house.rows.reduce((sum, rows) => sum + rows, 0) * house.seatsPerRow;
  if (kind === "plain") return buildPlainLayout(seats);
  const seated = house.rows.map((rows, index): Section => ({
    kind: "seated",
    name: `Block ${index + 1}`,
    rows: `1-${rows}`,
    seatsPerRow: house.seatsPerRow,
    aislesAfter: house.aislesAfter,
    price: PRICES[Math.ceil(((index + 1) * PRICES.length) / house.rows.length) - 1] ?? 0,
  }));
  const standing = house.standing.map((capacity, index): Section => ({
    kind: "standing",
    name: `Floor ${index + 1}`,
    capacity,
    price: STANDING_PRICE,
  }));
  const marks = markSeats(house);
  return { sections: [...seated, ...standing], currency: "EUR", ...marks };
}

function markSeats({ rows, seatsPerRow, accessibleEvery, blockedPerSection }: House) {
  const [accessible, blocked]: [number[], number[]] = [[], []];
  let end = 0;
  for (const count of rows) {
    for (let row = accessibleEvery; row <= count; row += accessibleEvery) {
      const first = end + (row - 1) * seatsPerRow + 1;
      for (let seat = first; seat < first + ACCESSIBLE_RUN; seat++) accessible.push(seat);
    }
    end += count * seatsPerRow;
    for (let seat = end - blockedPerSection + 1; seat <= end; seat++) blocked.push(seat);
  }
  return { accessible: encodeRanges(accessible), blocked: encodeRanges(blocked) };
}

/** The id of the n-th booking. */
export function idOf(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}
export const SHOW_ID = "00000000-0000-4000-9000-000000000000";

export function momentOf(offset: number, at = SALE_AT): Moment {
  return { place: { partition: 0, offset }, appendedAt: at, now: at };
}

export function buildBook(n: number, wants: readonly Want[], more: Partial<Book> = {}): Book {
  return {
    kind: "book",
    requestId: idOf(n),
    showId: SHOW_ID,
    customer: "customer 1",
    wants,
    confirmNow: false,
    holdMs: null,
    wait: null,
    byStaff: false,
    requestHash: n.toString(16).padStart(64, "0"),
    ...more,
  };
}

/** Sells half of a show, lets people wait for what is sold, and forgets what a worker would not keep. */
export function buildSale(kind: Kind, size: Size, way: Way): Sale {
  const { holdEvery, waiting, customers, seed } = HOUSES[size];
  const state = buildLineState();
  const facts = buildFacts(buildLayout(kind, size));
  step(state, { kind: "create-show", requestId: SHOW_ID, showId: SHOW_ID, ...facts }, momentOf(0));
  const show = state.shows.get(SHOW_ID);
  if (show === undefined) throw new Error("the show is not there");
  let n = 0;
  const ask = (wants: readonly Want[], more: Partial<Book>): Booking => {
    n += 1;
    const customer = `customer ${n % customers}`;
    step(state, buildBook(n, wants, { customer, ...more }), momentOf(n));
    const booking = state.bookings.get(idOf(n));
    if (booking === undefined) throw new Error(`booking ${n} is not there`);
    return booking;
  };
  const sold: Booking[] = [];
  for (const want of listOrders(show, way, seed)) {
    const confirmNow = sold.length % holdEvery !== 0;
    const booking = ask([want], { confirmNow });
    if (booking.status === "FAILED") throw new Error(`an order was refused: ${booking.reason}`);
    sold.push(booking);
    if (confirmNow) state.bookings.delete(booking.id);
  }
  const settled = sold.filter(({ status, seats }) => status === "CONFIRMED" && seats.length > 0);
  const every = Math.floor(settled.length / waiting);
  const wanted = Array.from({ length: waiting }, (_, index) => settled[index * every]?.seats ?? []);
  const waiters = wanted.map((seats) => ask([{ seats }], { wait: { until: null } }));
  return { state, show, sold, waiting: waiters };
}

export function buildSales(): Sales {
  return mapOf(KINDS, (kind) =>
    mapOf(WAYS, (way) => mapOf(SIZES, (size) => buildSale(kind, size, way))),
  );
}

function mapOf<Key extends string, Value>(keys: readonly Key[], build: (key: Key) => Value) {
  return Object.fromEntries(keys.map((key) => [key, build(key)])) as Record<Key, Value>;
}

function buildFacts(layout: Layout): ShowFacts {
  return {
    id: SHOW_ID,
    name: "Performance",
    startsAt: SALE_AT + 30 * DAY_MS,
    layout,
    rules: {
      holdMs: DAY_MS,
      holdMaxMs: 2 * DAY_MS,
      rescueMs: 0,
      confirmation: "manual",
      cancelConfirmed: true,
      seatsPerBookingMax: 50,
      seatsPerCustomerMax: 1_000,
      holdsPerCustomerMax: null,
    },
    opensAt: null,
    closesAt: null,
    sale: "open",
    archived: false,
    requestHash: "0".repeat(64),
    place: { partition: 0, offset: 0 },
    createdAt: SALE_AT,
  };
}
