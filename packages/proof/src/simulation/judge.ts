/** Plays a plan out and says what was wrong with it, if anything. */
import { findWrong } from "../history/check-history.ts";
import type { History } from "../history/history.ts";
import { simulate } from "./simulate.ts";
import type { Plan } from "./plan.ts";

export type Verdict = {
  readonly seed: number;
  /** What must not be: broken promises, errors that nobody may throw. Empty if all is well. */
  readonly wrong: readonly Wrong[];
  readonly requests: number;
  readonly events: number;
  /** How often each kind of fault really happened. */
  readonly injected: ReadonlyMap<string, number>;
  /** What was reached: statuses of bookings, reasons that were heard, why processes ended themselves. */
  readonly reached: ReadonlyMap<string, number>;
};

export type Wrong = { readonly name: string; readonly details: readonly string[] };

export async function judge(plan: Plan, trace?: (line: string) => void): Promise<Verdict> {
  const { seed } = plan;
  try {
    const { history, gaveUp, ...figures } = await simulate(plan, trace);
    const wrong = findWrong(history);
    return { seed, wrong, ...figures, reached: countReached(history, gaveUp) };
  } catch (error) {
    const details = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    const wrong = [{ name: "the run comes to its end", details }];
    return { seed, wrong, requests: 0, events: 0, injected: new Map(), reached: new Map() };
  }
}

function countReached({ calls, tables }: History, gaveUp: readonly string[]): Map<string, number> {
  const reached = new Map<string, number>();
  const note = (what: string) => reached.set(what, (reached.get(what) ?? 0) + 1);
  for (const { status, reason, rescued } of tables.bookings) {
    note(reason === null ? `booking ${status}` : `booking ${status}, ${reason}`);
    if (rescued) note("booking rescued");
  }
  for (const { asked, heard } of calls) {
    if (heard === null) note(`${asked.kind}: nothing heard`);
    else if (heard.kind === "refused") note(`${asked.kind}: ${heard.reason}`);
    else note(`${asked.kind}: ${heard.kind}`);
  }
  for (const why of gaveUp) note(`a process gave up: ${why.replaceAll(/\d+/g, "n")}`);
  for (const _ of tables.deadLetters) note("dead letter");
  return reached;
}
