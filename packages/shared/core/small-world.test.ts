/**
 * Every history of a very small sale, to a fixed depth. Two places are enough for everybody to be in
 * everybody's way; what can go wrong on a large show goes wrong here first, with a history short
 * enough to read. Tried with planted faults: an expire that ignores the status, a lapse judged by
 * the worker's clock or a millisecond late, a cancel that keeps its seats, a late confirm that is
 * let through, a known id that is decided anew, a hold that the queue forgets.
 */
import { describe, expect, it } from "vitest";
import { HOLD_MS, book, cancel, confirm, createShow, expire } from "../testing/builders.ts";
import { checkStep, describeState } from "../testing/core-invariants.ts";
import { buildPlainLayout } from "./layout.ts";
import type { Layout } from "./layout.ts";
import type { Book, Moment, Request, ShowRules } from "./model.ts";
import { buildLineState, cloneLineState } from "./show.ts";
import type { LineState } from "./show.ts";
import { step } from "./step.ts";

type Decided = { readonly request: Request; readonly moment: Moment };

type Node = {
  readonly state: LineState;
  readonly appendedAt: number;
  readonly now: number;
  readonly books: readonly Book[];
  /** The letters so far, and what was decided with them. */
  readonly trail: readonly string[];
  readonly decided: readonly Decided[];
};

/** One thing that can happen next: a clock moves, or a request arrives (null: not possible here). */
type Letter =
  | { readonly name: string; readonly logMs: number; readonly workerMs: number }
  | { readonly name: string; readonly ask: (node: Node) => Request | null };

const nextId = ({ books }: Node) => `b${books.length + 1}`;
const oldestId = ({ books }: Node) => books[0]?.requestId ?? "b1";
/** Null while the newest booking is also the oldest: that history is told already. */
const ofNewest = (ask: (id: string) => Request) => (node: Node) => {
  const newest = node.books.length > 1 ? node.books.at(-1) : undefined;
  return newest === undefined ? null : ask(newest.requestId);
};
const keyOfOldest = (requestHash?: string) => (node: Node) => {
  const [oldest] = node.books;
  if (oldest === undefined) return null;
  return requestHash === undefined ? oldest : { ...oldest, requestHash };
};

// Exactly one hold's length: so the histories also meet the very moment in which a hold ends.
const LOG_CLOCK: Letter = { name: "the log's clock passes a hold", logMs: HOLD_MS, workerMs: 0 };
const WORKER_CLOCK: Letter = { name: "only the worker's clock does", logMs: 0, workerMs: HOLD_MS };

const ALPHABET: readonly Letter[] = [
  { name: "book any one", ask: (node) => book(nextId(node), { count: 1 }) },
  { name: "book seat 1", ask: (node) => book(nextId(node), { seats: [1] }) },
  { name: "book seat 2", ask: (node) => book(nextId(node), { seats: [2] }) },
  { name: "book both", ask: (node) => book(nextId(node), { seats: [1, 2] }, { count: 2 }) },
  { name: "the oldest book again", ask: keyOfOldest() },
  { name: "the oldest's key for something else", ask: keyOfOldest("another") },
  { name: "confirm the oldest", ask: (node) => confirm(oldestId(node)) },
  { name: "confirm the newest", ask: ofNewest(confirm) },
  { name: "cancel the oldest", ask: (node) => cancel(oldestId(node)) },
  { name: "cancel the newest", ask: ofNewest(cancel) },
  { name: "expire the oldest", ask: (node) => expire(oldestId(node)) },
  { name: "expire the newest", ask: ofNewest(expire) },
  LOG_CLOCK,
  WORKER_CLOCK,
];

/** What every world can answer; a world whose answers are fewer has stopped testing something. */
const OUTCOMES = ["booking", "booking-not-found", "key-reused", "not-enough-seats", "seats-taken"];
const HOLD_OUTCOMES = ["booking-not-pending", "hold-expired"];

type Tally = { histories: number; decisions: number; replays: number; seen: Set<string> };

function explore(node: Node, depth: number, tally: Tally): void {
  if (depth === 0) {
    tally.histories += 1;
    // A replay costs as much as the whole rest; every 16th history and all their prefixes get one.
    if (tally.histories % 16 === 0) checkReplay(node, tally);
    return;
  }
  for (const letter of ALPHABET) {
    const next = "ask" in letter ? decideNext(node, letter, tally) : pass(node, letter, depth);
    if (next !== null) explore(next, depth - 1, tally);
  }
}

type Ask = Extract<Letter, { ask: unknown }>;

function decideNext(node: Node, letter: Ask, tally: Tally): Node | null {
  const request = letter.ask(node);
  if (request === null) return null;
  tally.decisions += 1;
  const { appendedAt, now, books } = node;
  const moment = { place: { partition: 0, offset: node.decided.length }, appendedAt, now };
  const state = cloneLineState(node.state);
  const trail = [...node.trail, letter.name];
  try {
    const decision = step(state, request, moment);
    checkStep({ before: node.state, after: state, request, moment, decision });
    tally.seen.add(
      decision.outcome.kind === "refused" ? decision.outcome.reason : decision.outcome.kind,
    );
  } catch (cause) {
    throw new Error(`${String(cause)}\nafter: ${trail.join(" · ")}`, { cause });
  }
  const isNew = request.kind === "book" && !node.state.bookings.has(request.requestId);
  return {
    ...node,
    state,
    trail,
    books: isNew ? [...books, request] : books,
    decided: [...node.decided, { request, moment }],
  };
}

/** Time that passes last, twice, or in the other order, tells no new history. */
function pass(node: Node, letter: Exclude<Letter, { ask: unknown }>, depth: number): Node | null {
  const previous = node.trail.at(-1);
  if (depth === 1 || previous === WORKER_CLOCK.name || previous === letter.name) return null;
  return {
    ...node,
    appendedAt: node.appendedAt + letter.logMs,
    now: node.now + letter.workerMs,
    trail: [...node.trail, letter.name],
  };
}

function checkReplay(node: Node, tally: Tally): void {
  tally.replays += 1;
  const state = buildLineState();
  for (const { request, moment } of node.decided) step(state, request, moment);
  if (describeState(state) !== describeState(node.state)) {
    throw new Error(`a replay ends elsewhere\nafter: ${node.trail.join(" · ")}`);
  }
}

function buildRoot(layout: Layout, rules: Partial<ShowRules>): Node {
  const request = createShow({ layout, rules });
  const moment = { place: { partition: 0, offset: 0 }, appendedAt: 0, now: 0 };
  const state = buildLineState();
  step(state, request, moment);
  return { state, appendedAt: 0, now: 0, books: [], trail: [], decided: [{ request, moment }] };
}

const SEAT_AND_STANDING: Layout = {
  sections: [
    { kind: "standing", name: "Floor", capacity: 1 },
    { kind: "seated", name: "Box", rows: [{ name: "A", seats: 1 }] },
  ],
};

describe("in a world of two places every history keeps the invariants", () => {
  it.each([
    {
      world: "two seats, sales can be cancelled",
      layout: buildPlainLayout(2),
      rules: { cancelConfirmed: true },
      depth: 6,
      historiesMin: 1_000_000,
      outcomes: [...OUTCOMES, ...HOLD_OUTCOMES].sort(),
    },
    {
      world: "two seats, sales are final",
      layout: buildPlainLayout(2),
      rules: { cancelConfirmed: false },
      depth: 5,
      historiesMin: 100_000,
      outcomes: [...OUTCOMES, ...HOLD_OUTCOMES, "cancel-not-allowed"].sort(),
    },
    {
      world: "two seats, confirmed at once",
      layout: buildPlainLayout(2),
      rules: { confirmation: "automatic", cancelConfirmed: true } as const,
      depth: 5,
      historiesMin: 100_000,
      outcomes: [...OUTCOMES, "booking-not-pending"].sort(),
    },
    {
      world: "one seat and one standing place",
      layout: SEAT_AND_STANDING,
      rules: { cancelConfirmed: true },
      depth: 5,
      historiesMin: 100_000,
      outcomes: [...OUTCOMES, ...HOLD_OUTCOMES, "seat-unknown"].sort(),
    },
  ])("$world: all histories of $depth", { timeout: 120_000 }, (world) => {
    const tally: Tally = { histories: 0, decisions: 0, replays: 0, seen: new Set() };
    const startedAt = performance.now();
    explore(buildRoot(world.layout, world.rules), world.depth, tally);
    const ms = Math.round(performance.now() - startedAt);
    const { histories, decisions, replays, seen } = tally;
    console.log(
      `${world.world}: ${histories} histories, ${decisions} decisions, ${replays} replays, ${ms} ms`,
    );
    expect(histories).toBeGreaterThan(world.historiesMin);
    expect(replays).toBeGreaterThan(world.historiesMin / 17);
    expect([...seen].sort()).toEqual(world.outcomes);
  });
});
