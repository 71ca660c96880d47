/** The state itself: what `apply` refuses to be told, what a copy shares, what a stored show restores. */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  bookAs,
  buildShowFacts,
  cancel,
  changeShow,
  confirm,
  createShow,
  expire,
  layoutOf,
  play,
  seated,
  standing,
  tell,
} from "../testing/builders.ts";
import { checkState, describeState } from "../testing/core-invariants.ts";
import { describeStored, restoreStored } from "../testing/stored.ts";
import type { Booking, Want } from "./model.ts";
import { apply } from "./apply.ts";
import { buildLineState, cloneLineState, restoreShow } from "./show.ts";
import type { LineState } from "./show.ts";

/** Three seats, of which seat 3 is for who needs it and seat 2 is blocked, and a floor for four. */
const LAYOUT = layoutOf([seated("Box", "A", { seatsPerRow: 3 }), standing("Floor", 4)], {
  accessible: "3",
});
const OPTIONS = { layout: LAYOUT, rules: { seatsPerCustomerMax: 9, cancelConfirmed: true } };
const eve = (id: string, want: Want) => bookAs({ customer: "eve" }, id, want);

/** Seat 1 confirmed, seat 3 and a standing place held, two more confirmed, somebody waits, seat 2 is blocked. */
function playMixed(): LineState {
  return play([
    at(0, createShow(OPTIONS)),
    at(0, eve("sold", { seats: [1] })),
    at(0, eve("gone", { seats: [2] })),
    at(1, confirm("sold")),
    at(2, eve("held", { seats: [3] })),
    at(2, eve("stands", { count: 1, sections: ["Floor"] })),
    at(2, { ...eve("now", { count: 2, sections: ["Floor"] }), confirmNow: true }),
    at(3, { ...eve("waits", { seats: [1] }), wait: { until: null } }),
    at(3, changeShow({ block: "1-2" })),
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
    const more = [at(4, eve("more", { count: 1 })), at(5, confirm("held")), at(5, cancel("waits"))];
    play([...more, at(6, changeShow({ unblock: "1-2" }))], state);
    expect(describeState(copy)).toBe(before);
    expect(describeState(state)).not.toBe(before);
  });
});

describe("a show restored as it was stored", () => {
  it("is the same in everything", () => {
    const stored = playMixed();
    const state = restoreStored(stored);
    checkState(state);
    expect(describeState(state)).toBe(describeState(stored));
    expect(state.shows.get("show")).toMatchObject({ held: 2, confirmed: 3, capacity: 6 });
  });

  it("decides what comes next just as the original does, lapses and who waits included", () => {
    const stored = playMixed();
    const next = [
      at(5, eve("more", { count: 1 })),
      at(6, changeShow({ unblock: "1" })),
      at(6, cancel("sold")),
      at(2 + HOLD_MS, expire("held")),
      at(3 + HOLD_MS, eve("last", { count: 3 })),
    ];
    expect(play(next, restoreStored(stored)).decisions).toEqual(play(next, stored).decisions);
  });

  it("brings who holds and who waits with it, and nothing else", () => {
    const state = buildLineState();
    const facts = playMixed().shows.get("show")?.facts ?? buildShowFacts(OPTIONS);
    restoreShow(state, facts, describeStored(playMixed(), "show"));
    expect([...state.bookings.keys()]).toEqual(["held", "stands", "waits"]);
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
      "seat 1 was not taken",
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
    const { state } = play([at(0, createShow(OPTIONS))]);
    expect(() => apply(state, [{ kind: "booking", before: null, after }])).toThrow(
      "has a deadline",
    );
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
