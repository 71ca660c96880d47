/**
 * Giving back some of a booking's places, and what is left. Planted faults these catch: a price that stays, seats
 * that may be given back only once, places that nobody who waits is asked about.
 */
import { describe, expect, it } from "vitest";
import {
  HOLD_MS,
  at,
  book,
  bookOrWait,
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
import type { Timed } from "../testing/builders.ts";
import type { Cancel } from "./requests.ts";

const HOUSE = layoutOf(
  [seated("Box", "A", { seatsPerRow: 3, price: 500 }), standing("Floor", 4, 200)],
  { currency: "EUR" },
);
/** Seats 1, 2 and 3, and two on the floor. */
const BOOKED = [at(0, createShow({ layout: HOUSE })), at(0, book("a", { count: 5 }))];

const seats = (...its: number[]) => cancel("a", { seats: its, standing: [] });
const floor = (keep: number) => cancel("a", { seats: [], standing: [{ section: "Floor", keep }] });

describe("of three seats at 500 and two standing places at 200", () => {
  const SAME = ["booking a"];
  const cases: readonly { gives: string; asked: Cancel[]; told: string[]; left: object }[] = [
    {
      gives: "a seat",
      asked: [seats(2)],
      told: ["booking a", "a: PENDING → PENDING seats 1 3 standing 1×2"],
      left: { seats: [1, 3], returned: [2], price: 1_400 },
    },
    {
      gives: "a seat, and once more",
      asked: [seats(2), seats(2)],
      told: SAME,
      left: { seats: [1, 3], returned: [2], price: 1_400 },
    },
    {
      gives: "two seats, one of them for the second time",
      asked: [seats(2), seats(3, 2)],
      told: ["booking a", "a: PENDING → PENDING seats 1 standing 1×2"],
      left: { seats: [1], returned: [2, 3], price: 900 },
    },
    {
      gives: "a standing place",
      asked: [floor(1)],
      told: ["booking a", "a: PENDING → PENDING seats 1 2 3 standing 1×1"],
      left: { standing: [{ section: 1, count: 1 }], returned: [], price: 1_700 },
    },
    {
      gives: "a standing place, and once more",
      asked: [floor(1), floor(1)],
      told: SAME,
      left: { price: 1_700 },
    },
    {
      gives: "no standing place, keeping more than it has",
      asked: [floor(9)],
      told: SAME,
      left: { price: 1_900 },
    },
    {
      gives: "all standing places",
      asked: [floor(0)],
      told: ["booking a", "a: PENDING → PENDING seats 1 2 3"],
      left: { standing: [], price: 1_500 },
    },
    { gives: "nothing", asked: [seats()], told: SAME, left: { seats: [1, 2, 3], price: 1_900 } },
    {
      gives: "all, one after the other",
      asked: [seats(1, 2, 3), floor(0)],
      told: ["booking a", "a: PENDING → CANCELLED"],
      left: { status: "CANCELLED", expiresAt: null, holdLimit: null },
    },
    {
      gives: "a seat that it never had",
      asked: [seats(1, 9)],
      told: ["refused: seat-unknown, booking a"],
      left: { seats: [1, 2, 3], price: 1_900 },
    },
    {
      gives: "standing places where there are seats",
      asked: [cancel("a", { seats: [], standing: [{ section: "Box", keep: 0 }] })],
      told: ["refused: seat-unknown, booking a"],
      left: { seats: [1, 2, 3], price: 1_900 },
    },
  ];

  it.each(cases)("gives back $gives", ({ asked, told, left }) => {
    const { state, decisions } = play([...BOOKED, ...asked.map((it) => at(1, it))]);
    expect(decisions.slice(-1).map(tell)).toEqual([told]);
    expect(state.bookings.get("a")).toMatchObject(left);
  });
});

describe("what is given back", () => {
  it("is sold again, at once to who waits for it", () => {
    const waits = at(0, bookOrWait("w", { seats: [2] }));
    const { decisions } = play([...BOOKED, waits, at(1, seats(2))]);
    expect(decisions.slice(-1).map(tell)).toEqual([
      ["booking a", "a: PENDING → PENDING seats 1 3 standing 1×2", "w: WAITING → PENDING seats 2"],
    ]);
  });

  it("lowers the price by what it cost then, whatever it costs today", () => {
    const dearer = changeShow({ sections: [{ name: "Box", price: 9_000 }] });
    const { state } = play([...BOOKED, at(1, dearer), at(2, seats(1, 2))]);
    expect(state.bookings.get("a")).toMatchObject({ price: 500 + 400 });
  });

  it("does not make the hold of the rest longer, nor shorter", () => {
    const { state, decisions } = play([...BOOKED, at(1, seats(1)), at(HOLD_MS, expire("a"))]);
    expect(decisions.slice(-1).map(tell)).toEqual([
      ["refused: hold-expired, booking a", "a: PENDING → FAILED (hold-expired)"],
    ]);
    expect(state.shows.get("show")).toMatchObject({ held: 0 });
  });

  it("is told in full with a refusal", () => {
    const asked = cancel("a", { seats: [7, 1], standing: [{ section: "Moon", keep: 0 }] });
    const { outcome } = play([...BOOKED, at(1, asked)]).decisions.at(-1) ?? {};
    expect(outcome).toMatchObject({ facts: { seats: [7], sections: ["Moon"] } });
  });
});

describe("a confirmed booking", () => {
  const confirmed = (cancelConfirmed: boolean): Timed[] => [
    at(0, createShow({ layout: HOUSE, rules: { cancelConfirmed } })),
    at(0, book("a", { count: 5 })),
    at(1, confirm("a", "paid")),
  ];

  it("gives back in parts where sales can be taken back, and stays confirmed", () => {
    const { state, decisions } = play([...confirmed(true), at(2, seats(1))]);
    expect(decisions.slice(-1).map(tell)).toEqual([
      ["booking a", "a: CONFIRMED → CONFIRMED seats 2 3 standing 1×2"],
    ]);
    const its = { payment: "paid", confirmedAt: 1, price: 1_400 };
    expect(state.bookings.get("a")).toMatchObject(its);
    expect(state.shows.get("show")).toMatchObject({ held: 0, confirmed: 4 });
  });

  it.each([
    { by: "its owner", byStaff: false, told: "refused: cancel-not-allowed, booking a" },
    { by: "the staff", byStaff: true, told: "booking a" },
  ])("in a show where sales are final gives back what $by asks for: $told", (row) => {
    const asked = { ...seats(1), byStaff: row.byStaff };
    const { decisions } = play([...confirmed(false), at(2, asked)]);
    expect(decisions.slice(-1).map((decision) => tell(decision)[0])).toEqual([row.told]);
  });
});
