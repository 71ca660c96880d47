/**
 * Long sales of larger shows with everything that there is: ladders, groups, limits, waiting lists, changes of the
 * show, two shows in one line, clocks that disagree, a restart now and then. The same rules as in the small world,
 * and a replay that must end in the same state. A run that fails names its seed; `SEED=…` brings it back. Planted
 * fault these catch and a small world cannot: a restored show that forgets a blocked seat which is taken.
 */
import { describe, expect, it } from "vitest";
import { checkState, checkStep, describeState } from "../testing/core-invariants.ts";
import { seedOfRun } from "../testing/random.ts";
import { HOLD_MS, buildRandomSale, buildRequest } from "../testing/random-sales.ts";
import type { RandomSale, SaleHabits } from "../testing/random-sales.ts";
import { restoreStored } from "../testing/stored.ts";
import type { Moment } from "./decision.ts";
import type { Request } from "./requests.ts";
import { buildLineState, cloneLineState } from "./show.ts";
import type { LineState } from "./show.ts";
import { step } from "./step.ts";

const SALES = 10;
const STEPS = 1_000;
const RELOAD_EVERY = 97;
const HABITS: SaleHabits = { waits: 0.5, waitMsMax: 5 * HOLD_MS, confirmsNow: 0.1, closes: 1 };
const seed = seedOfRun();

type Sale = RandomSale & {
  readonly decided: { readonly request: Request; readonly moment: Moment }[];
  readonly seen: Map<string, number>;
};

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
  const line = buildRandomSale(saleSeed, HABITS, buildLineState());
  const sale: Sale = { ...line, decided: [], seen: new Map() };
  for (const show of sale.shows) decideNext(sale, show);
  while (sale.decided.length < STEPS) {
    sale.isLate = sale.decided.length > STEPS * 0.9;
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
