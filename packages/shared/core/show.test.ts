/** The state itself: what `apply` refuses to be told, what a copy shares, what a stored show restores. */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  buildShowFacts,
  cancel,
  confirm,
  createShow,
  expire,
  play,
  tell,
} from "../testing/builders.ts";
import { checkState, describeState } from "../testing/core-invariants.ts";
import { describeStored, restoreStored } from "../testing/stored.ts";
import { buildPlainLayout } from "./layout.ts";
import type { Layout } from "./layout.ts";
import type { Booking } from "./model.ts";
import { apply, buildLineState, cloneLineState, restoreShow } from "./show.ts";
import type { LineState } from "./show.ts";

const LAYOUT: Layout = {
  sections: [...buildPlainLayout(3).sections, { kind: "standing", name: "Floor", capacity: 4 }],
};

/** Seat 1 confirmed, seat 3 and a standing place held, two more standing places confirmed. */
function playMixed(): LineState {
  return play([
    at(0, createShow({ layout: LAYOUT })),
    at(0, book("sold", { seats: [1] })),
    at(0, book("gone", { seats: [2] })),
    at(1, confirm("sold")),
    at(2, book("held", { count: 2 })),
    at(2, { ...book("now", { count: 2 }), confirmNow: true }),
    at(3, cancel("gone")),
  ]).state;
}

function bookingOf(state: LineState, id: string): Booking {
  const booking = state.bookings.get(id);
  if (booking === undefined) throw new RangeError(`no booking ${id}`);
  return booking;
}

describe("a copy of the state", () => {
  it("is equal, and is left alone by what is decided on the original", () => {
    const state = playMixed();
    const copy = cloneLineState(state);
    const before = describeState(copy);
    expect(describeState(state)).toBe(before);
    play([at(4, book("more", { count: 2 })), at(5, confirm("held"))], state);
    expect(describeState(copy)).toBe(before);
    expect(describeState(state)).not.toBe(before);
  });
});

describe("a show restored as it was stored", () => {
  it("has the same places taken and the same counters", () => {
    const stored = playMixed();
    const state = restoreStored(stored);
    checkState(state);
    const [restored, original] = [state.shows.get("show"), stored.shows.get("show")];
    expect(restored).toMatchObject({ held: 2, confirmed: 3 });
    expect(restored?.standing).toEqual(original?.standing);
    expect(restored?.taken).toEqual(original?.taken);
  });

  it("decides what comes next just as the original does, lapses included", () => {
    const stored = playMixed();
    const next = [
      at(5, book("more", { count: 2 })),
      at(6, cancel("sold")),
      at(2 + HOLD_MS, expire("held")),
      at(3 + HOLD_MS, book("last", { count: 3 })),
    ];
    expect(play(next, restoreStored(stored)).decisions).toEqual(play(next, stored).decisions);
  });

  it("brings what is pending with it, and nothing else", () => {
    const state = buildLineState();
    restoreShow(state, buildShowFacts({ layout: LAYOUT }), describeStored(playMixed(), "show"));
    expect([...state.bookings.keys()]).toEqual(["held"]);
  });

  it("is a mistake of ours with standing places where there are seats", () => {
    const stored = describeStored(playMixed(), "show");
    const standing = [{ section: 0, held: 1, confirmed: 0 }];
    expect(() =>
      restoreShow(buildLineState(), buildShowFacts({ layout: LAYOUT }), { ...stored, standing }),
    ).toThrow("section 0 is a standing section");
  });
});

describe("apply stops at a mistake of ours:", () => {
  it("a show that is created twice", () => {
    const state = playMixed();
    const write = { kind: "show-created", show: buildShowFacts() } as const;
    expect(() => apply(state, [write])).toThrow("show show is new");
  });

  it("a seat that is given twice", () => {
    const state = playMixed();
    const after = { ...bookingOf(state, "sold"), id: "twice" };
    expect(() => apply(state, [{ kind: "booking", before: null, after }])).toThrow(
      "seat 1 is taken already",
    );
  });

  it("more standing places than the section has", () => {
    const state = playMixed();
    const standing = [{ section: 1, count: 5 }];
    const after = { ...bookingOf(state, "now"), id: "crowd", seats: [], standing };
    expect(() => apply(state, [{ kind: "booking", before: null, after }])).toThrow("oversold");
  });

  it("a live booking of a show that is not loaded", () => {
    const after = bookingOf(playMixed(), "sold");
    expect(() => apply(buildLineState(), [{ kind: "booking", before: null, after }])).toThrow(
      "is loaded",
    );
  });

  it("a hold without an end", () => {
    const after = { ...bookingOf(playMixed(), "held"), id: "endless", expiresAt: null };
    const { state } = play([at(0, createShow({ layout: LAYOUT }))]);
    expect(() => apply(state, [{ kind: "booking", before: null, after }])).toThrow("has an expiry");
  });
});

it("the places of a cancelled booking are sold again, and its hold does not come back", () => {
  const history = [
    at(0, createShow()),
    at(0, book("a", { seats: [1] })),
    at(1, cancel("a")),
    at(2, book("b", { seats: [1] })),
    at(3, confirm("b")),
    at(2 * HOLD_MS, expire("a")),
  ];
  expect(play(history).decisions.slice(-1).map(tell)).toEqual([["booking a"]]);
});
