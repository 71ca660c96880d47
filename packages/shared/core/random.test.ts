/**
 * Long sales of larger shows, seated and standing mixed, two shows in one line, clocks that disagree:
 * the same invariants as in the small world, and a replay that must end in the same state. A run that
 * fails names its seed; `SEED=…` brings it back.
 */
import { describe, expect, it } from "vitest";
import { book, cancel, confirm, createShow, expire } from "../testing/builders.ts";
import { checkState, checkStep, describeState } from "../testing/core-invariants.ts";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { restoreStored } from "../testing/stored.ts";
import { layoutSeats } from "./layout.ts";
import type { Layout, Section } from "./layout.ts";
import type { Book, CreateShow, Moment, Request, Want } from "./model.ts";
import { buildLineState, cloneLineState } from "./show.ts";
import type { LineState } from "./show.ts";
import { step } from "./step.ts";

const SALES = 12;
const STEPS = 1_500;
const RELOAD_EVERY = 250;
const HOLD_MS = 200;
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
  const name = `Section ${index}`;
  if (random.chance(0.4)) return { kind: "standing", name, capacity: random.int(1, 200) };
  const length = random.int(1, 5);
  const rows = Array.from({ length }, (_, row) => ({ name: `${row}-`, seats: random.int(1, 60) }));
  return { kind: "seated", name, rows };
}

function buildSale(saleSeed: number): Sale {
  const random = buildRandom(saleSeed);
  const shows = ["one", "two"].map((id) => {
    const length = random.int(1, 4);
    const layout: Layout = {
      sections: Array.from({ length }, (_, index) => buildSection(random, index)),
    };
    const confirmation = random.chance(0.2) ? "automatic" : "manual";
    const rules = { holdMs: HOLD_MS, confirmation, cancelConfirmed: random.chance(0.7) } as const;
    return createShow({ id, layout, rules });
  });
  const state = buildLineState();
  return { random, shows, books: [], decided: [], seen: new Map(), state, appendedAt: 0 };
}

function buildWant({ random }: Sale, layout: Layout): Want {
  const last = layoutSeats(layout);
  if (last === 0 || random.chance(0.5)) return { count: random.int(1, random.pick([2, 2, 8, 40])) };
  const length = random.int(1, 4);
  // Now and then a seat that the show does not have.
  if (random.chance(0.03)) return { seats: [last, last + 1] };
  return { seats: [...new Set(Array.from({ length }, () => random.int(1, last)))] };
}

function buildBook(sale: Sale): Book {
  const { random, shows, books } = sale;
  const { showId, layout } = random.pick(shows);
  const length = random.int(1, 3);
  const wants = Array.from({ length }, () => buildWant(sale, layout));
  const request = {
    ...book(`b${books.length}`, ...wants),
    showId: random.chance(0.01) ? "nowhere" : showId,
    confirmNow: random.chance(0.05),
  };
  books.push(request);
  return request;
}

/** Mostly new bookings and what their owners do next; sometimes old ones, sometimes nonsense. */
function buildRequest(sale: Sale): Request {
  const { random, books, shows } = sale;
  const recent = books.slice(random.chance(0.8) ? -20 : 0);
  if (recent.length === 0 || random.chance(0.45)) return buildBook(sale);
  const request = random.pick(recent);
  const id = random.chance(0.02) ? "nobody" : request.requestId;
  return random.pick<() => Request>([
    () => confirm(id, "paid"),
    () => cancel(id),
    () => cancel(id),
    () => cancel(id),
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
  const { outcome } = decision;
  const told = outcome.kind === "refused" ? outcome.reason : outcome.kind;
  seen.set(told, (seen.get(told) ?? 0) + 1);
}

/** What is stored of a line is enough to go on with it: the same places taken, the same holds. */
function checkReload({ state }: Sale): void {
  const reloaded = restoreStored(state);
  checkState(reloaded);
  for (const [id, { taken, held, confirmed }] of state.shows) {
    expect(reloaded.shows.get(id)).toMatchObject({ held, confirmed });
    expect(reloaded.shows.get(id)?.taken).toEqual(taken);
  }
}

function runSale(saleSeed: number): Sale {
  const sale = buildSale(saleSeed);
  for (const show of sale.shows) decideNext(sale, show);
  while (sale.decided.length < STEPS) {
    decideNext(sale, buildRequest(sale));
    if (sale.decided.length % RELOAD_EVERY === 0) checkReload(sale);
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
    expect(sale.decided.length).toBe(STEPS);
    expect(describeState(replay(sale)) === describeState(sale.state)).toBe(true);
    for (const [told, count] of sale.seen) seen.set(told, (seen.get(told) ?? 0) + count);
  });

  it("have met every answer that the core can give", () => {
    console.log(`random sales, seed ${seed}:`, Object.fromEntries(seen));
    expect([...seen.keys()].sort()).toEqual([
      "booking",
      "booking-not-found",
      "booking-not-pending",
      "cancel-not-allowed",
      "hold-expired",
      "key-reused",
      "not-enough-seats",
      "seat-unknown",
      "seats-taken",
      "show",
      "show-not-found",
    ]);
  });
});
