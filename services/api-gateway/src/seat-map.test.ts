import { expect, test } from "vitest";

import { buildPlainLayout } from "@seatline/shared/core/layout.ts";
import type { Booking, Request } from "@seatline/shared/core/model.ts";
import { buildLineState } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import { step } from "@seatline/shared/core/step.ts";
import { book, cancel, confirm, createShow } from "@seatline/shared/testing/builders.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import { SeatMap, encodeRanges } from "./seat-map.ts";

/** The slowest and plainest way to write ranges: seat by seat. */
function encodeNaively(seats: ReadonlySet<number>, last: number): string {
  let text = "";
  for (let seat = 1; seat <= last; seat++) {
    if (!seats.has(seat)) continue;
    const isFirst = !seats.has(seat - 1);
    const isLast = !seats.has(seat + 1);
    if (isFirst) text += `${text === "" ? "" : ","}${seat}`;
    else if (isLast) text += `-${seat}`;
  }
  return text;
}

test.each([
  [[], ""],
  [[7], "7"],
  [[2, 1], "1-2"],
  [[9, 3, 4], "3-4,9"],
  [[1, 2, 3, 5, 7, 8], "1-3,5,7-8"],
  [[10, 9, 8, 100, 99], "8-10,99-100"],
])("%j is written %s", (seats, text) => {
  expect(encodeRanges(seats)).toBe(text);
});

test("ranges are what a walk from seat to seat finds", () => {
  const random = buildRandom(seedOfRun());
  for (let round = 0; round < 500; round++) {
    const last = random.int(1, 60);
    const share = random.pick([0.05, 0.5, 0.95]);
    const seats = new Set(
      Array.from({ length: last }, (_, index) => index + 1).filter(() => random.chance(share)),
    );
    const got = { seed: random.seed, ranges: encodeRanges(seats) };
    expect(got).toEqual({ seed: random.seed, ranges: encodeNaively(seats, last) });
  }
});

const CAPACITY = 12;

function seatsOf(state: LineState, status: Booking["status"]): number[] {
  return [...state.bookings.values()]
    .filter((booking) => booking.status === status)
    .flatMap(({ seats }) => seats)
    .sort((a, b) => a - b);
}

function load(state: LineState, version: number): SeatMap {
  const [held, confirmed] = [seatsOf(state, "PENDING"), seatsOf(state, "CONFIRMED")];
  const holds = [...state.bookings.values()]
    .filter(({ status }) => status === "PENDING")
    .map(({ id, seats }) => ({ bookingId: id, seats }));
  return new SeatMap({ version, taken: [...held, ...confirmed], holds });
}

/** A line of one show at which anything is asked for, with time passing in between. */
class Line {
  readonly state = buildLineState();
  readonly #random: Random;
  #offset = 0;
  #at = 0;

  constructor(random: Random) {
    this.#random = random;
    const layout = buildPlainLayout(CAPACITY);
    this.#decide(createShow({ layout, rules: { cancelConfirmed: true } }));
  }

  /** What the next one to three requests changed. */
  decideSome(): Booking[] {
    return Array.from({ length: this.#random.int(1, 3) }, () => {
      this.#at += this.#random.int(0, 500);
      return this.#decide(buildRequest(this.#random, this.#offset));
    }).flat();
  }

  #decide(request: Request): Booking[] {
    const place = { partition: 0, offset: this.#offset++ };
    const { writes } = step(this.state, request, { place, appendedAt: this.#at, now: this.#at });
    return writes.flatMap((write) => (write.kind === "booking" ? [write.after] : []));
  }
}

function buildRequest(random: Random, index: number): Request {
  const id = `b${random.int(0, index)}`;
  switch (random.int(0, 3)) {
    case 0:
      return confirm(id);
    case 1:
      return cancel(id);
    case 2:
      return book(`b${index}`, { seats: [random.int(1, CAPACITY)] });
    default:
      return book(`b${index}`, { count: random.int(1, 3) });
  }
}

/**
 * Histories of real decisions, in records of one to three. Catches a map that forgets one kind of
 * change; tried with a CANCELLED, and with a lapse, left out of `SeatMap`.
 */
test("a map that follows the records shows what the bookings say, through every kind of change", () => {
  const random = buildRandom(seedOfRun());
  for (let round = 0; round < 200; round++) {
    const line = new Line(random);
    let version = 1;
    let map = load(line.state, version);
    for (let count = 0; count < 20; count++, version++) {
      const changed = line.decideSome();
      if (!map.apply(version + 1, changed)) map = load(line.state, version + 1);
      const shown = [...map.held, ...map.confirmed];
      expect(new Set(shown).size).toBe(shown.length);
      expect({
        seed: random.seed,
        held: [...map.held].sort((a, b) => a - b),
        confirmed: [...map.confirmed].sort((a, b) => a - b),
      }).toEqual({
        seed: random.seed,
        held: seatsOf(line.state, "PENDING"),
        confirmed: seatsOf(line.state, "CONFIRMED"),
      });
    }
  }
});

test("an older version changes nothing, and a gap says that the map must be loaded again", () => {
  const map = new SeatMap({
    version: 5,
    taken: [1, 2],
    holds: [{ bookingId: "b", seats: [2] }],
  });
  expect(map.apply(5, [])).toBe(true);
  expect(map.apply(4, [])).toBe(true);
  expect([map.version, map.ranges]).toEqual([5, { held: "2", confirmed: "1" }]);
  expect(map.apply(7, [])).toBe(false);
});
