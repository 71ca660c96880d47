/**
 * What happens at most in one step: so many bookings end, so many who wait are served, so many are cancelled with
 * their show; the rest in the steps that follow, and nobody goes before who was not asked yet. Planted faults these
 * catch: a follow-up that is forgotten (of each kind), newcomers that go before the rest of those who wait, a
 * waiting list without either of its bounds.
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
  layoutOf,
  play,
  standing,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import { checkState } from "../testing/core-invariants.ts";
import { BOUNDS } from "./bounds.ts";
import type { Decision } from "./decision.ts";
import type { Want } from "./model.ts";
import { buildPlainLayout } from "./seats/layout.ts";
import type { LineState } from "./show.ts";
import { step } from "./step.ts";

const ANY = { count: 1 };

function list<Item>(length: number, build: (index: number) => Item): Item[] {
  return Array.from({ length }, (_, index) => build(index));
}

function bookOrClimb(bookingId: string, wants: readonly Want[]) {
  return bookAs({ wait: { until: null } }, bookingId, ...wants);
}

function showOf(seats: number, rules = {}): Timed {
  const layout = buildPlainLayout(seats);
  return at(0, createShow({ layout, rules: { seatsPerBookingMax: seats, ...rules } }));
}

/** One more request of a line in which many were decided already. */
function next(state: LineState, { request, appendedAt, now }: Timed): Decision {
  const offset = 1_000_000 + state.bookings.size;
  return step(state, request, { place: { partition: 0, offset }, appendedAt, now });
}

function follow(state: LineState, decision: Decision, time: number): Decision {
  if (decision.followUp === undefined) throw new RangeError("nothing is left to do");
  return next(state, at(time, decision.followUp));
}

describe("a mass lapse", () => {
  const size = BOUNDS.lapses + 2;
  const history = [showOf(size), ...list(size, (index) => at(0, book(`b${index}`, ANY)))];

  it("is released in bounded steps, the oldest first", () => {
    const { state } = play(history);
    const first = next(state, at(HOLD_MS, book("n1", ANY)));
    const second = next(state, at(HOLD_MS, book("n2", ANY)));
    expect(first.writes).toHaveLength(BOUNDS.lapses + 1);
    expect(first.writes[0]).toMatchObject({ after: { id: "b0", reason: "hold-expired" } });
    expect(second.writes).toHaveLength(3);
    expect(state.shows.get("show")).toMatchObject({ held: 2, confirmed: 0 });
    checkState(state);
  });

  it("never lets the booking that is spoken of outlive its hold", () => {
    const { state } = play(history);
    const youngest = `b${size - 1}`;
    const { outcome, writes } = next(state, at(HOLD_MS + 1, confirm(youngest)));
    expect(outcome).toMatchObject({ reason: "hold-expired", bookingId: youngest });
    expect(writes).toHaveLength(BOUNDS.lapses);
  });
});

describe("many who wait", () => {
  const size = 2 * BOUNDS.serves + 2;
  const back = at(2, { ...cancel("all"), byStaff: true });
  const history = (rules = {}) => [
    showOf(2 * size, rules),
    at(0, bookAs({ confirmNow: true, customer: "all" }, "all", { count: 2 * size })),
    ...list(size, (index) =>
      at(1, bookAs({ customer: `c${index}`, wait: { until: null } }, `w${index}`, ANY)),
    ),
  ];

  it("are served in bounded steps, each of which asks for the next, until all were asked", () => {
    const { state } = play(history());
    const first = next(state, back);
    expect(first.writes).toHaveLength(1 + BOUNDS.serves);
    expect(first.followUp).toMatchObject({ kind: "change-show", showId: "show", changes: {} });
    const second = follow(state, first, 3);
    expect(second.writes).toHaveLength(BOUNDS.serves);
    expect(second.writes[0]).toMatchObject({ after: { id: `w${BOUNDS.serves}` } });
    const third = follow(state, second, 4);
    expect(third.writes).toHaveLength(2);
    expect(third.followUp).toBeUndefined();
    expect(tell(next(state, at(5, book("n", ANY))))[0]).toBe("booking n");
    checkState(state);
  });

  it.each([
    { want: ANY, told: "refused: not-enough-seats, booking n" },
    { want: { seats: [4_000] }, told: "refused: seats-taken, booking n" },
    { want: { together: [2] }, told: "refused: not-enough-together, booking n" },
  ])("go before a newcomer, who finds nothing free of $want", ({ want, told }) => {
    const { state } = play(history());
    next(state, back);
    const newcomer = next(state, at(3, book("n", want)));
    expect(tell(newcomer)[0]).toBe(told);
    expect(newcomer.followUp).toBeDefined();
  });

  it("let a newcomer wait behind them", () => {
    const { state } = play(history());
    next(state, back);
    const newcomer = next(state, at(3, bookOrWait("n", ANY)));
    expect(state.bookings.get("n")?.status).toBe("WAITING");
    expect(follow(state, newcomer, 4).writes.at(-1)).toMatchObject({ after: { id: "n" } });
    expect(state.bookings.get("n")?.status).toBe("PENDING");
  });

  it("do not make anybody wait whom a limit of their own forbids it", () => {
    const { state } = play(history({ holdsPerCustomerMax: 1 }));
    next(state, back);
    const newcomer = next(state, at(3, bookOrWait("n", ANY)));
    expect(tell(newcomer)[0]).toBe("refused: customer-limit-reached, booking n");
  });
});

describe("a late confirm", () => {
  const floor = (places: number) => changeShow({ sections: [{ name: "Floor", standing: places }] });
  const layout = layoutOf([standing("Floor", 1)]);
  const rules = { holdMs: HOLD_MS, rescueMs: 100 };
  const history = [
    at(0, createShow({ layout, rules })),
    at(0, book("r", { count: 1 })),
    ...["w1", "w2", "w3"].map((id) => at(1, bookOrWait(id, { count: 2 }))),
    at(HOLD_MS, expire("r")),
  ];
  const oneAtATime = { lapses: 9, serves: 1, cancels: 9 };

  it("goes before nobody who is still to be served", () => {
    const state = { ...play(history).state, bounds: oneAtATime };
    const grown = next(state, at(HOLD_MS + 1, floor(6)));
    expect(tell(grown)).toContain("w1: WAITING → PENDING standing 0×2");
    const late = next(state, at(HOLD_MS + 2, confirm("r")));
    expect(tell(late)).toEqual([
      "refused: hold-expired, booking r",
      "w2: WAITING → PENDING standing 0×2",
    ]);
    expect(tell(follow(state, late, HOLD_MS + 3))).toContain("w3: WAITING → PENDING standing 0×2");
  });

  it("is rescued with what they leave", () => {
    const state = { ...play(history).state, bounds: oneAtATime };
    const grown = next(state, at(HOLD_MS + 1, floor(7)));
    follow(state, follow(state, grown, HOLD_MS + 2), HOLD_MS + 3);
    expect(tell(next(state, at(HOLD_MS + 4, confirm("r"))))[0]).toBe("booking r");
  });
});

describe("a waiting list", () => {
  it("takes a thousand kinds of wants, and after that only more of the same", () => {
    const seats = 1_001;
    const { state } = play([
      showOf(seats),
      at(0, book("all", { count: seats })),
      ...list(seats - 1, (index) => at(1, bookOrWait(`w${index}`, { seats: [index + 1] }))),
    ]);
    expect(state.shows.get("show")?.waiting).toMatchObject({ size: 1_000, kinds: 1_000 });
    const other = next(state, at(2, bookOrWait("other", { seats: [seats] })));
    expect(tell(other)[0]).toBe("refused: seats-taken, booking other");
    const same = next(state, at(2, bookOrWait("same", { seats: [1] })));
    expect(tell(same)).toEqual(["booking same", "same: new → WAITING (seats-taken)"]);
    next(state, at(3, cancel("w7")));
    expect(tell(next(state, at(4, bookOrWait("late", { seats: [seats] }))))[0]).toBe(
      "booking late",
    );
  });

  it("takes a thousand different wants, in whatever ladders, and after that only more of these", () => {
    const seats = 1_001;
    const rung = (seat: number) => ({ seats: [seat] });
    const ladderOf = (first: number) => list(10, (index) => rung(first + index));
    const { state } = play([
      showOf(seats),
      at(0, book("all", { count: seats })),
      ...list(100, (index) => at(1, bookOrClimb(`w${index}`, ladderOf(10 * index + 1)))),
    ]);
    expect(state.shows.get("show")?.waiting).toMatchObject({ size: 100, kinds: 100 });
    const tries = (id: string, wants: readonly Want[]) =>
      tell(next(state, at(2, bookOrClimb(id, wants))))[0];
    expect(tries("one more", [rung(1), rung(seats)])).toBe(
      "refused: seats-taken, booking one more",
    );
    expect(tries("others together", [rung(1), rung(11), rung(1)])).toBe("booking others together");
    next(state, at(3, cancel("w7")));
    expect(tries("late", [rung(seats)])).toBe("booking late");
    expect(tries("again", ladderOf(71))).toBe("refused: seats-taken, booking again");
  });

  it("takes a hundred thousand bookings, and nobody after that", () => {
    const { state } = play([
      at(0, createShow()),
      at(0, book("all", { count: 2 })),
      ...list(100_000, (index) => at(1, bookOrWait(`w${index}`, ANY))),
    ]);
    expect(state.shows.get("show")?.waiting.size).toBe(100_000);
    const late = next(state, at(2, bookOrWait("late", ANY)));
    expect(tell(late)[0]).toBe("refused: not-enough-seats, booking late");
    next(state, at(3, cancel("w7")));
    expect(tell(next(state, at(4, bookOrWait("later", ANY))))[0]).toBe("booking later");
  });
});

describe("a large show that is cancelled", () => {
  const size = BOUNDS.cancels + 2;
  const history = [showOf(size), ...list(size, (index) => at(0, book(`b${index}`, ANY)))];
  const cancelShow = at(1, changeShow({ sale: "cancelled", name: "Called off" }));

  it("ends its bookings in bounded steps, in the order of their places, each once", () => {
    const { state } = play(history);
    const first = next(state, cancelShow);
    expect(first.writes).toHaveLength(1 + BOUNDS.cancels);
    const last = first.writes.at(-1);
    expect(last).toMatchObject({ after: { id: `b${BOUNDS.cancels - 1}` } });
    expect(first.followUp).toMatchObject({
      changes: { sale: "cancelled" },
      after: BOUNDS.cancels,
    });
    const second = follow(state, first, 2);
    expect(second.outcome).toEqual({ kind: "show", showId: "show" });
    expect(second.writes.map((write) => write.kind)).toEqual(["booking", "booking"]);
    expect(second.followUp).toBeUndefined();
    expect(state.shows.get("show")).toMatchObject({ held: 0, confirmed: 0, capacity: size });
    checkState(state);
  });

  it("ends at once the booking that somebody speaks of before its turn has come", () => {
    const { state } = play(history);
    next(state, cancelShow);
    const youngest = `b${size - 1}`;
    const told = `${youngest}: PENDING → CANCELLED (show-cancelled)`;
    expect(tell(next(state, at(2, confirm(youngest))))).toEqual([
      `refused: show-cancelled, booking ${youngest}`,
      told,
    ]);
    const other = `b${size - 2}`;
    expect(tell(next(state, at(2, cancel(other))))[0]).toBe(`booking ${other}`);
    expect(state.shows.get("show")).toMatchObject({ held: 0 });
  });

  it("ends, like all others, what lapses before its turn has come", () => {
    const { state } = play(history);
    next(state, cancelShow);
    const { writes } = next(state, at(HOLD_MS, changeShow({ archived: true })));
    expect(writes.slice(0, 2)).toMatchObject([
      { after: { status: "CANCELLED", reason: "show-cancelled" } },
      { after: { status: "CANCELLED", reason: "show-cancelled" } },
    ]);
  });
});
