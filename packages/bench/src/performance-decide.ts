/** The cost of `decide` alone: it reads the state and leaves it, so that the same can be asked again and again. */
import { decide } from "@seatline/shared/core/decide.ts";
import type { Decision } from "@seatline/shared/core/decision.ts";
import type { Request } from "@seatline/shared/core/requests.ts";

import { measureCosts } from "./performance-clock.ts";
import type { CostRow } from "./performance-clock.ts";
import { ASKED, QUESTIONS } from "./performance-questions.ts";
import type { Question } from "./performance-questions.ts";
import type { Sale, Sales } from "./performance-shows.ts";

const CALLS_PER_ROUND = 100;

export function measureDecide(sales: Sales, rounds: number): CostRow[] {
  const costs = QUESTIONS.map((question) => {
    const { name, kind, way, isLarge = false } = question;
    const { small, large } = sales[kind][way];
    const [ofSmall, ofLarge] = [listRequests(question, small), listRequests(question, large)];
    return {
      name,
      kind,
      way,
      isLarge,
      rounds: { small: () => timeRound(small, ofSmall), large: () => timeRound(large, ofLarge) },
    };
  });
  return measureCosts(costs, rounds);
}

/** Of the question's variants those that come to what it is about. Throws if there is none. */
export function listRequests(question: Question, sale: Sale): readonly Request[] {
  const requests = question
    .requests(sale)
    .filter((request) => isExpected(question, decide(sale.state, request, ASKED)));
  if (requests.length > 0) return requests;
  throw new Error(`nothing comes to what is expected: ${question.name}, ${question.way}`);
}

/** Standing places cost next to nothing: what is asked for seats is measured on seats, as far as they go. */
function isExpected(
  { expected, isLarge = false }: Question,
  { outcome, writes }: Decision,
): boolean {
  const [write] = writes;
  const found = write?.kind === "booking" ? write.after : null;
  if (expected === "change") return found !== null && outcome.kind === "booking";
  if ("reason" in expected) return found?.reason === expected.reason;
  return found?.want === expected.want && (isLarge || found.standing.length === 0);
}

/** Every variant once before the clock runs: what is measured is warm. */
function timeRound({ state }: Sale, requests: readonly Request[]): number {
  const askInTurn = (calls: number) => {
    for (let index = 0, next = 0; index < calls; index++) {
      const request = requests[next];
      if (request !== undefined) writesSeen += decide(state, request, ASKED).writes.length;
      next = next + 1 === requests.length ? 0 : next + 1;
    }
  };
  askInTurn(requests.length);
  const startedAt = performance.now();
  askInTurn(CALLS_PER_ROUND);
  return ((performance.now() - startedAt) * 1_000) / CALLS_PER_ROUND;
}

/** Kept, so that no decision can be left out as useless. */
let writesSeen = 0;
