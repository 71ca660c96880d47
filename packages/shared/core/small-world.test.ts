/**
 * Every history of very small sales, to a fixed depth: what can go wrong on a large show goes wrong here first, in
 * a history short enough to read. Each world has the few requests that one part of the rules is about, so that it
 * can be gone through deeper than one world of everything. Planted faults these catch: a lapse judged by the
 * worker's clock or a moment late, a rescue without an end or of a blocked seat, an extension without a limit, a
 * price that stays when places go, standing room below what is confirmed, a blocked seat that comes back for sale,
 * newcomers and late comers before those who wait, one who does not fit and holds up the rest, a confirmation after
 * which nobody is asked, a wait that outlives its show.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  bookAs,
  bookOrWait,
  cancel,
  changeShow,
  confirm,
  createShow,
  expire,
  extend,
  layoutOf,
  play,
  seated,
  standing,
} from "../testing/builders.ts";
import type { ShowOptions } from "../testing/builders.ts";
import { checkStep, describeState } from "../testing/core-invariants.ts";
import type { Moment } from "./decision.ts";
import { buildPlainLayout } from "./seats/layout.ts";
import type { Book, Request } from "./requests.ts";
import { buildLineState, cloneLineState } from "./show.ts";
import type { LineState } from "./show.ts";
import { step } from "./step.ts";

type Node = {
  readonly state: LineState;
  readonly appendedAt: number;
  readonly now: number;
  readonly books: readonly Book[];
  /** The letters so far. */
  readonly trail: readonly string[];
  readonly decided: readonly { readonly request: Request; readonly moment: Moment }[];
};

/** One thing that can happen next: a clock moves, or a request arrives (null: not possible here). */
type Ask = { readonly name: string; readonly ask: (node: Node) => Request | null };
type Pass = { readonly name: string; readonly logMs: number; readonly workerMs: number };
type Letter = Ask | Pass;

/** A new booking, with the id that is next. */
const newBook = (name: string, build: (id: string) => Book): Ask => ({
  name,
  ask: ({ books }) => build(`b${books.length + 1}`),
});
const ofOldest = (name: string, build: (id: string) => Request): Ask => ({
  name: `${name} the oldest`,
  ask: ({ books }) => build(books[0]?.requestId ?? "b1"),
});
/** Null while the newest booking is also the oldest: that history is told already. */
const ofNewest = (name: string, build: (id: string) => Request): Ask => ({
  name: `${name} the newest`,
  ask: ({ books }) => {
    const newest = books.length > 1 ? books.at(-1) : undefined;
    return newest === undefined ? null : build(newest.requestId);
  },
});
type Build = (id: string) => Request;
const ofBoth = (name: string, build: Build) => [ofOldest(name, build), ofNewest(name, build)];
const change = (name: string, changes: Parameters<typeof changeShow>[0]): Ask => ({
  name,
  ask: () => changeShow(changes),
});
const oldestAgain = (requestHash?: string): Ask => ({
  name: requestHash === undefined ? "the oldest book again" : "its key for something else",
  ask: ({ books: [oldest] }) =>
    oldest === undefined ? null : { ...oldest, requestHash: requestHash ?? oldest.requestHash },
});

// Exactly one hold's length: so the histories also meet the very moment in which a hold ends.
const LOG_CLOCK = { name: "the log's clock passes a hold", logMs: HOLD_MS, workerMs: 0 };
const HALF_A_HOLD = { name: "half a hold passes", logMs: HOLD_MS / 2, workerMs: HOLD_MS / 2 };
const WORKER_CLOCK = { name: "only the worker's clock does", logMs: 0, workerMs: HOLD_MS };

type World = ShowOptions & {
  readonly world: string;
  readonly alphabet: readonly Letter[];
  readonly depth: number;
  readonly historiesMin: number;
  /** What the world can answer; one whose answers are fewer has stopped testing something. */
  readonly outcomes: readonly string[];
};

type Tally = { histories: number; decisions: number; replays: number; seen: Set<string> };
const total = { histories: 0, ms: 0 };

function explore(node: Node, world: World, tally: Tally): void {
  const depth = world.depth - node.trail.length;
  if (depth === 0) {
    tally.histories += 1;
    // A replay costs as much as the whole rest; every 16th history and all their prefixes get one.
    if (tally.histories % 16 === 0) checkReplay(node, tally);
    return;
  }
  for (const letter of world.alphabet) {
    const next = "ask" in letter ? decideNext(node, letter, tally) : pass(node, letter, depth);
    if (next !== null) explore(next, world, tally);
  }
}

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
    const { outcome } = decision;
    tally.seen.add(outcome.kind === "refused" ? outcome.reason : outcome.kind);
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

/** Time that passes last, or twice, tells no new history. */
function pass(node: Node, letter: Pass, depth: number): Node | null {
  const previous = node.trail.at(-1);
  if (depth === 1 || previous === WORKER_CLOCK.name || previous === letter.name) return null;
  return {
    ...node,
    appendedAt: node.appendedAt + letter.logMs,
    now: node.now + letter.workerMs,
    trail: [...node.trail, letter.name],
  };
}

function checkReplay({ decided, state, trail }: Node, tally: Tally): void {
  tally.replays += 1;
  const again = buildLineState();
  for (const { request, moment } of decided) step(again, request, moment);
  if (describeState(again) !== describeState(state)) {
    throw new Error(`a replay ends elsewhere\nafter: ${trail.join(" · ")}`);
  }
}

function buildRoot(options: ShowOptions): Node {
  const request = createShow(options);
  const moment = { place: { partition: 0, offset: 0 }, appendedAt: 0, now: 0 };
  const { state } = play([at(0, request)]);
  return { state, appendedAt: 0, now: 0, books: [], trail: [], decided: [{ request, moment }] };
}

const [ANN, BOB] = [{ customer: "ann" }, { customer: "bob" }];
const WAITS = { wait: { until: null } };
const keepOnFloor = (keep: number, ...seats: number[]) => ({
  seats,
  standing: [{ section: "Floor", keep }],
});

const ANSWERS = ["booking", "booking-not-found", "booking-not-pending", "not-enough-seats"];

const WORLDS: readonly World[] = [
  {
    world: "two seats, sales can be taken back",
    rules: { cancelConfirmed: true },
    alphabet: [
      newBook("book any one", (id) => book(id, { count: 1 })),
      newBook("book seat 1", (id) => book(id, { seats: [1] })),
      newBook("book both", (id) => book(id, { seats: [1, 2] }, { count: 2 })),
      oldestAgain(),
      oldestAgain("another"),
      ...ofBoth("confirm", confirm),
      ...ofBoth("cancel", cancel),
      ofOldest("expire", expire),
      LOG_CLOCK,
      WORKER_CLOCK,
    ],
    depth: 5,
    historiesMin: 50_000,
    outcomes: [...ANSWERS, "hold-expired", "key-reused", "seats-taken"],
  },
  {
    world:
      "a row of three with an aisle, an accessible seat behind it, and a floor that costs less",
    layout: layoutOf(
      [
        seated("Stalls", "A", { seatsPerRow: 3, aislesAfter: [2], price: 500 }),
        seated("Box", "B", { seatsPerRow: 1, price: 500 }),
        standing("Floor", 2, 300),
      ],
      { currency: "EUR", accessible: "4" },
    ),
    alphabet: [
      newBook("two side by side, or one", (id) => book(id, { together: [2] }, { count: 1 })),
      newBook("two and one in the stalls", (id) =>
        book(id, { together: [1, 2], sections: ["Stalls"] }),
      ),
      newBook("two at 300", (id) => book(id, { count: 2, priceMax: 300 })),
      newBook("an accessible one, or seat 2", (id) =>
        book(id, { together: [1], accessible: true }, { seats: [2] }),
      ),
      newBook("seat 4 as one at 300", (id) => book(id, { seats: [4], priceMax: 300 })),
      newBook("three or wait", (id) => bookOrWait(id, { count: 3 })),
      ...ofBoth("cancel", cancel),
      ofNewest("confirm", confirm),
    ],
    depth: 5,
    historiesMin: 30_000,
    outcomes: [...ANSWERS, "cancel-not-allowed", "not-enough-together", "seats-taken"],
  },
  {
    world: "two seats, for which others wait",
    rules: { cancelConfirmed: true },
    alphabet: [
      newBook("book any one", (id) => book(id, { count: 1 })),
      newBook("one or wait", (id) => bookOrWait(id, { count: 1 }, 2 * HOLD_MS)),
      newBook("both or wait", (id) => bookOrWait(id, { count: 2 })),
      newBook("seat 2 at once, or wait", (id) =>
        bookAs({ wait: { until: null }, confirmNow: true }, id, { seats: [2] }),
      ),
      ...ofBoth("cancel", cancel),
      ofOldest("confirm", confirm),
      LOG_CLOCK,
    ],
    depth: 6,
    historiesMin: 80_000,
    outcomes: [...ANSWERS, "hold-expired"],
  },
  {
    world: "one seat, held, extended, lapsed and rescued",
    layout: buildPlainLayout(1),
    rules: { rescueMs: HOLD_MS, holdMaxMs: 2 * HOLD_MS },
    alphabet: [
      newBook("book it", (id) => book(id, { count: 1 })),
      newBook("book it or wait", (id) => bookOrWait(id, { seats: [1] }, 2 * HOLD_MS)),
      ofOldest("confirm", confirm),
      ofOldest("extend", extend),
      ofOldest("extend for long", (id) => extend(id, 2 * HOLD_MS)),
      change("block it", { block: "1" }),
      LOG_CLOCK,
      HALF_A_HOLD,
    ],
    depth: 6,
    historiesMin: 150_000,
    outcomes: [...ANSWERS, "hold-expired", "hold-limit-reached", "seats-taken", "show"],
  },
  {
    world: "three seats, two for each customer, of whom one may hold one",
    layout: buildPlainLayout(3),
    rules: {
      seatsPerCustomerMax: 2,
      holdsPerCustomerMax: 1,
      cancelConfirmed: true,
      rescueMs: HOLD_MS,
    },
    alphabet: [
      newBook("ann: two, or one", (id) => bookAs(ANN, id, { count: 2 }, { count: 1 })),
      newBook("ann: one at once", (id) => bookAs({ ...ANN, confirmNow: true }, id, { count: 1 })),
      newBook("ann: seat 1 or wait", (id) => bookAs({ ...ANN, ...WAITS }, id, { seats: [1] })),
      newBook("bob: two or wait", (id) => bookAs({ ...BOB, ...WAITS }, id, { count: 2 })),
      newBook("nobody: one", (id) => book(id, { count: 1 })),
      ...ofBoth("confirm", confirm),
      ...ofBoth("cancel", cancel),
      LOG_CLOCK,
    ],
    depth: 5,
    historiesMin: 40_000,
    outcomes: [...ANSWERS, "customer-limit-reached", "hold-expired"],
  },
  {
    world: "a seat and a floor of two, given back in parts",
    layout: layoutOf(
      [seated("Box", "A", { seatsPerRow: 1, price: 700 }), standing("Floor", 2, 100)],
      {
        currency: "EUR",
      },
    ),
    alphabet: [
      newBook("all three", (id) => book(id, { count: 3 })),
      newBook("two on the floor", (id) => book(id, { together: [2], sections: ["Floor"] })),
      newBook("one or wait", (id) => bookOrWait(id, { count: 1 })),
      ofOldest("give back seat 1 of", (id) => cancel(id, { seats: [1], standing: [] })),
      ofOldest("keep one on the floor of", (id) => cancel(id, keepOnFloor(1))),
      ofNewest("give back all, one by one, of", (id) => cancel(id, keepOnFloor(0, 1))),
      ofOldest("confirm", confirm),
      ofNewest("cancel", cancel),
      change("the floor for one, at 200", {
        sections: [{ name: "Floor", standing: 1, price: 200 }],
      }),
      change("the floor for three", { sections: [{ name: "Floor", standing: 3 }] }),
      LOG_CLOCK,
    ],
    depth: 5,
    historiesMin: 55_000,
    outcomes: [
      ...ANSWERS,
      "cancel-not-allowed",
      "hold-expired",
      "not-enough-together",
      "seat-unknown",
      "show",
    ],
  },
  {
    world: "two seats of a show that is changed",
    layout: { ...buildPlainLayout(2), blocked: "2" },
    alphabet: [
      newBook("any one", (id) => book(id, { count: 1 })),
      newBook("seat 1 or wait", (id) => bookOrWait(id, { seats: [1] })),
      newBook("seat 2 or wait", (id) => bookOrWait(id, { seats: [2] })),
      newBook("the staff's seat 2", (id) => bookAs({ byStaff: true }, id, { seats: [2] })),
      ofOldest("cancel", cancel),
      ofOldest("confirm", confirm),
      change("block seat 1", { block: "1" }),
      change("unblock both", { unblock: "1-2" }),
      change("close", { sale: "closed" }),
      change("open", { sale: "open" }),
      change("cancel the show", { sale: "cancelled" }),
      LOG_CLOCK,
    ],
    depth: 5,
    historiesMin: 120_000,
    outcomes: [
      ...ANSWERS,
      "cancel-not-allowed",
      "hold-expired",
      "sale-closed",
      "seats-taken",
      "show",
      "show-cancelled",
    ],
  },
  {
    world: "a seat confirmed at once, in a sale that opens and closes by the clock",
    layout: buildPlainLayout(1),
    rules: { confirmation: "automatic", cancelConfirmed: true },
    opensAt: HOLD_MS,
    closesAt: 3 * HOLD_MS,
    alphabet: [
      newBook("book it", (id) => book(id, { count: 1 })),
      newBook("hold it or wait", (id) => ({ ...bookOrWait(id, { count: 1 }), holdMs: HOLD_MS })),
      newBook("book it or wait a little", (id) => bookOrWait(id, { seats: [1] }, 3 * HOLD_MS)),
      ofOldest("cancel", cancel),
      ofOldest("confirm", confirm),
      change("closes later", { closesAt: 4 * HOLD_MS }),
      LOG_CLOCK,
      HALF_A_HOLD,
    ],
    depth: 6,
    historiesMin: 150_000,
    outcomes: [...ANSWERS, "hold-expired", "sale-closed", "sale-not-open", "seats-taken", "show"],
  },
];

describe("in a very small world every history keeps the rules", () => {
  it.each(WORLDS)("$world: all histories of $depth", { timeout: 120_000 }, (world) => {
    const tally: Tally = { histories: 0, decisions: 0, replays: 0, seen: new Set() };
    const startedAt = performance.now();
    explore(buildRoot(world), world, tally);
    const ms = Math.round(performance.now() - startedAt);
    const { histories, decisions, replays, seen } = tally;
    total.histories += histories;
    total.ms += ms;
    console.log(
      `${world.world}: ${histories} histories, ${decisions} decisions, ${replays} replays, ${ms} ms`,
    );
    expect(histories).toBeGreaterThan(world.historiesMin);
    expect(replays).toBeGreaterThan(world.historiesMin / 17);
    expect([...seen].sort()).toEqual([...world.outcomes].sort());
  });

  it("and that were more than half a million", () => {
    console.log(`${total.histories} histories in ${total.ms} ms`);
    expect(total.histories).toBeGreaterThan(500_000);
  });
});
