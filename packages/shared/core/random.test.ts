/**
 * Long sales of larger shows with everything that there is: ladders, groups, limits, waiting lists, changes of the
 * show, two shows in one line, clocks that disagree, a restart now and then. The same rules as in the small world,
 * and a replay that must end in the same state. A run that fails names its seed; `SEED=…` brings it back. Planted
 * fault these catch and a small world cannot: a restored show that forgets a blocked seat which is taken.
 */
import { describe, expect, it } from "vitest";
import { book, changeShow, confirm, createShow, expire, extend } from "../testing/builders.ts";
import { checkState, checkStep, describeState } from "../testing/core-invariants.ts";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { restoreStored } from "../testing/stored.ts";
import type { Moment } from "./decision.ts";
import { buildSeatPlan } from "./seats/layout.ts";
import type { Layout, Section } from "./seats/layout.ts";
import type { Booking, Want } from "./model.ts";
import { encodeRanges } from "./seats/ranges.ts";
import type { Book, Cancel, CreateShow, Request, ShowChanges } from "./requests.ts";
import { buildLineState, cloneLineState } from "./show.ts";
import type { LineState } from "./show.ts";
import { step } from "./step.ts";

const SALES = 10;
const STEPS = 1_000;
const RELOAD_EVERY = 97;
const HOLD_MS = 200;
const CUSTOMERS = ["ann", "bob", "eve"];
const seed = seedOfRun();

type Sale = {
  readonly random: Random;
  readonly shows: readonly CreateShow[];
  readonly books: Book[];
  readonly decided: { readonly request: Request; readonly moment: Moment }[];
  readonly seen: Map<string, number>;
  state: LineState;
  appendedAt: number;
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

function someSeats(random: Random, last: number, probability: number): string {
  const seats: number[] = [];
  for (let seat = 1; seat <= last; seat++) if (random.chance(probability)) seats.push(seat);
  return encodeRanges(seats);
}

function buildSale(saleSeed: number): Sale {
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
  const state = buildLineState();
  return { random, shows, books: [], decided: [], seen: new Map(), state, appendedAt: 0 };
}

function buildWant(random: Random, layout: Layout): Want {
  const last = buildSeatPlan(layout).seats;
  const names = layout.sections.map(({ name }) => name);
  const filter = {
    ...(random.chance(0.2) ? { sections: names.filter(() => random.chance(0.5)) } : {}),
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

function buildBook({ random, shows, books, appendedAt }: Sale): Book {
  const { showId, layout } = random.pick(shows);
  const length = random.int(1, 3);
  const until = random.pick([null, appendedAt + random.int(0, 5 * HOLD_MS)]);
  const request = {
    ...book(`b${books.length}`, ...Array.from({ length }, () => buildWant(random, layout))),
    showId: random.chance(0.01) ? "nowhere" : showId,
    customer: random.chance(0.95) ? random.pick(CUSTOMERS) : null,
    confirmNow: random.chance(0.1),
    holdMs: random.chance(0.2) ? random.int(1, 4 * HOLD_MS) : null,
    wait: random.chance(0.5) ? { until } : null,
    byStaff: random.chance(0.1),
  };
  books.push(request);
  return request;
}

function buildCancel({ random, state, shows }: Sale, bookingId: string): Cancel {
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

function buildChange({ random, shows, decided, appendedAt }: Sale): Request {
  const { showId, layout } = random.pick(shows);
  const last = buildSeatPlan(layout).seats;
  const { name } = random.pick(layout.sections);
  const changes = random.pick<() => ShowChanges>([
    () => ({ block: someSeats(random, last, 0.05) }),
    () => ({ unblock: someSeats(random, last, 0.5) }),
    () => ({ unblock: `${last + 1}` }),
    () => ({ sections: [{ name, price: random.int(1, 4) * 100 }] }),
    () => ({ sections: [{ name, standing: random.int(0, 40) }] }),
    () => ({ sale: "closed" }),
    () => ({ sale: "open", archived: false, opensAt: null, closesAt: null }),
    () => ({ sale: "open", archived: false, opensAt: null, closesAt: null }),
    () => ({ archived: true }),
    () => ({ closesAt: appendedAt + random.int(-50, 300) }),
    () => ({ opensAt: appendedAt + random.int(-50, 100) }),
    // Late, or there would be nothing left to sell.
    () => (decided.length > STEPS * 0.9 ? { sale: "cancelled" } : {}),
  ])();
  return { ...changeShow(changes), showId: random.chance(0.05) ? "nowhere" : showId };
}

/** Somebody who has a hold, or had one, if there is anybody among the last. */
function findRecent({ books, state }: Sale, isWanted: (booking: Booking) => boolean): string {
  const known = books.slice(-30).map(({ requestId }) => state.bookings.get(requestId));
  return known.find((booking) => booking !== undefined && isWanted(booking))?.id ?? "nobody";
}

/** Mostly new bookings and what their owners do next; sometimes old ones, sometimes nonsense. */
function buildRequest(sale: Sale): Request {
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

function decideNext(sale: Sale, request: Request): void {
  const { random, decided, seen } = sale;
  sale.appendedAt += random.pick([0, 0, 1, 5, 20, random.chance(0.02) ? HOLD_MS * 2 : 1]);
  const { appendedAt } = sale;
  // The worker's clock may be behind the log's, with it, or far ahead of it.
  const now = Math.max(0, appendedAt + random.pick([-HOLD_MS, -1, 0, 0, 0, 3, HOLD_MS]));
  const moment = { place: { partition: 0, offset: decided.length }, appendedAt, now };
  const before = cloneLineState(sale.state);
  const decision = step(sale.state, request, moment);
  decided.push({ request, moment });
  checkStep({ before, after: sale.state, request, moment, decision });
  const { outcome, writes } = decision;
  const told: string[] = [outcome.kind === "refused" ? outcome.reason : outcome.kind];
  for (const write of writes) {
    if (write.kind !== "booking") continue;
    if (write.before?.status === "WAITING") told.push(`waited, ${write.after.status}`);
    if (write.after.rescued && write.before?.status === "FAILED") told.push("rescued");
    if (write.after.returned.length > (write.before?.returned.length ?? 0)) told.push("in part");
  }
  for (const it of told) seen.set(it, (seen.get(it) ?? 0) + 1);
}

/** What is stored of a line is enough to go on with it: the sale goes on with what a new owner has. */
function restart(sale: Sale): void {
  const reloaded = restoreStored(sale.state);
  checkState(reloaded);
  expect(describeState(reloaded) === describeState(sale.state)).toBe(true);
  sale.state = reloaded;
}

function runSale(saleSeed: number): Sale {
  const sale = buildSale(saleSeed);
  for (const show of sale.shows) decideNext(sale, show);
  while (sale.decided.length < STEPS) {
    decideNext(sale, buildRequest(sale));
    if (sale.decided.length % RELOAD_EVERY === 0) restart(sale);
  }
  return sale;
}

function replay(sale: Sale): LineState {
  const state = buildLineState();
  for (const { request, moment } of sale.decided) step(state, request, moment);
  return state;
}

describe(`random sales of ${STEPS} requests (seed ${seed})`, { timeout: 120_000 }, () => {
  const seen = new Map<string, number>();

  it.each(Array.from({ length: SALES }, (_, index) => seed + index))("sale %i", (saleSeed) => {
    const sale = runSale(saleSeed);
    expect(describeState(replay(sale)) === describeState(sale.state)).toBe(true);
    for (const [told, count] of sale.seen) seen.set(told, (seen.get(told) ?? 0) + count);
  });

  it("have met every answer that the core can give, and everything that time does", () => {
    console.log(`random sales, seed ${seed}:`, Object.fromEntries(seen));
    expect([...seen.keys()].sort()).toEqual([
      "booking",
      "booking-not-found",
      "booking-not-pending",
      "cancel-not-allowed",
      "customer-limit-reached",
      "hold-expired",
      "hold-limit-reached",
      "in part",
      "key-reused",
      "not-enough-seats",
      "not-enough-together",
      "rescued",
      "sale-closed",
      "sale-not-open",
      "seat-unknown",
      "seats-taken",
      "show",
      "show-cancelled",
      "show-not-found",
      "too-many-seats",
      "waited, CANCELLED",
      "waited, CONFIRMED",
      "waited, FAILED",
      "waited, PENDING",
    ]);
  });
});
