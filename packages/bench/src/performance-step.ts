/**
 * The cost of `step`, which is what the worker calls: time passes, the request is decided, the state follows, and
 * who waits is served. Each cycle of steps leaves the state as it was.
 */
import { assert } from "@seatline/shared/core/assert.ts";
import { decide } from "@seatline/shared/core/decide.ts";
import type { Want } from "@seatline/shared/core/model.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import { step } from "@seatline/shared/core/step.ts";

import { measureCosts } from "./performance-clock.ts";
import type { Cost, CostRow } from "./performance-clock.ts";
import { listRequests } from "./performance-decide.ts";
import type { Way } from "./performance-orders.ts";
import { ASKED, ASKED_AT, ASKED_N, QUESTIONS } from "./performance-questions.ts";
import type { Question } from "./performance-questions.ts";
import { SIZES, buildBook, idOf } from "./performance-shows.ts";
import type { Sale, Sales } from "./performance-shows.ts";

/** Requests one after the other, of which one is measured; the bookings are new ones each time. */
type Cycle = {
  readonly before: readonly Request[];
  readonly measured: Request;
  readonly after: readonly Request[];
  /** How long after the rest the measured one is asked for. */
  readonly laterMs?: number;
};

type Turn = Pick<Cost, "name" | "kind" | "way" | "isLarge"> & {
  /** Prepared for a show: makes the cycle about the bookings n and n + 1. */
  readonly prepare: (sale: Sale) => (n: number) => Cycle;
};

const CYCLES_PER_ROUND = 10;
const HOLD_MS = 1_000;
const PAIR: Want = { together: [2] };

export function measureStep(sales: Sales, rounds: number): CostRow[] {
  const costs = listTurns().map(({ prepare, ...turn }) => {
    const { small, large } = sales[turn.kind][turn.way];
    const [ofSmall, ofLarge] = [prepare(small), prepare(large)];
    return {
      ...turn,
      rounds: { small: () => timeRound(small, ofSmall), large: () => timeRound(large, ofLarge) },
    };
  });
  const before = describeSales(sales);
  const rows = measureCosts(costs, rounds);
  assert(describeSales(sales) === before, "every cycle leaves the state as it was");
  return rows;
}

function listTurns(): Turn[] {
  const wants = QUESTIONS.filter(({ expected }) => expected !== "change").map(buildBookTurn);
  return [...wants, ...(["random", "best-first"] as const).flatMap(listChangeTurns)];
}

/** What was booked is cancelled again, where there is something to cancel. */
function buildBookTurn(question: Question): Turn {
  const { name, kind, way, expected, isLarge = false } = question;
  const isBooked = expected !== "change" && "want" in expected;
  const prepare = (sale: Sale) => {
    const requests = listRequests(question, sale);
    return (n: number) => {
      const request = requests[n % requests.length];
      assert(request !== undefined, "there is something to ask");
      const measured = { ...request, requestId: idOf(n) };
      return { before: [], measured, after: isBooked ? [cancel(n)] : [] };
    };
  };
  return { name, kind, way, isLarge, prepare };
}

function listChangeTurns(way: Way): Turn[] {
  const turn = (name: string, prepare: Turn["prepare"]): Turn => ({
    name,
    kind: "seated",
    way,
    isLarge: false,
    prepare,
  });
  const hold = (n: number) => buildBook(n, [PAIR]);
  return [
    turn("confirm", () => (n) => ({
      before: [hold(n)],
      measured: { kind: "confirm", requestId: "confirm", bookingId: idOf(n), payment: "p" },
      after: [cancel(n)],
    })),
    turn("extend", () => (n) => ({
      before: [hold(n)],
      measured: { kind: "extend", requestId: "extend", bookingId: idOf(n), holdMs: null },
      laterMs: HOLD_MS,
      after: [cancel(n)],
    })),
    turn("cancel", () => (n) => ({ before: [hold(n)], measured: cancel(n), after: [] })),
    turn("cancel one seat of two", (sale) => {
      const seats = findFreePair(sale);
      const places = { seats: seats.slice(0, 1), standing: [] };
      return (n) => ({
        before: [buildBook(n, [{ seats }])],
        measured: { ...cancel(n), places },
        after: [cancel(n)],
      });
    }),
    turn("a hold lapses", () => (n) => ({
      before: [{ ...hold(n), holdMs: HOLD_MS }],
      measured: { kind: "expire", requestId: "expire", bookingId: idOf(n) },
      laterMs: HOLD_MS,
      after: [],
    })),
    turn("cancel, and one who waits is served", (sale) => {
      const seats = findFreePair(sale);
      const wait = { until: null };
      return (n) => ({
        before: [buildBook(n, [{ seats }]), buildBook(n + 1, [{ seats }], { wait })],
        measured: cancel(n),
        after: [cancel(n + 1)],
      });
    }),
  ];
}

function cancel(n: number) {
  const places = null;
  return {
    kind: "cancel",
    requestId: "cancel",
    bookingId: idOf(n),
    places,
    byStaff: true,
  } as const;
}

/** Two seats that can be had: those that the show would give. */
function findFreePair({ state }: Sale): readonly number[] {
  const [write] = decide(state, buildBook(ASKED_N, [PAIR]), ASKED).writes;
  return write?.kind === "booking" ? write.after.seats : [];
}

function timeRound(sale: Sale, buildCycle: (n: number) => Cycle): number {
  let us = 0;
  for (let index = 0; index < CYCLES_PER_ROUND; index++) us += timeCycle(sale, buildCycle);
  return us / CYCLES_PER_ROUND;
}

/**
 * NOTE: Never the same id twice: what is deleted from a Map leaves a trace that every look-up of the same key
 * comes across, until the Map is rebuilt. Thousands of them were all that would be measured.
 */
let nextN = ASKED_N;

function timeCycle({ state }: Sale, buildCycle: (n: number) => Cycle): number {
  const n = (nextN += 2);
  const { before, measured, after, laterMs = 0 } = buildCycle(n);
  const later = { ...ASKED, appendedAt: ASKED_AT + laterMs, now: ASKED_AT + laterMs };
  for (const request of before) step(state, request, ASKED);
  const startedAt = performance.now();
  step(state, measured, later);
  const us = (performance.now() - startedAt) * 1_000;
  for (const request of after) step(state, request, later);
  // As the worker does after the batch.
  state.bookings.delete(idOf(n));
  state.bookings.delete(idOf(n + 1));
  return us;
}

function describeSales(sales: Sales): string {
  const all = Object.values(sales).flatMap((byWay) => Object.values(byWay));
  return JSON.stringify(
    all.flatMap((bySize) =>
      SIZES.map((size) => {
        const { state, show } = bySize[size];
        const { held, confirmed, capacity, deadlines, waiting, sections } = show;
        return [
          held,
          confirmed,
          capacity,
          deadlines.size,
          waiting.size,
          state.bookings.size,
          sections,
        ];
      }),
    ),
  );
}
