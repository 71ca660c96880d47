/**
 * Planted faults: a record's free seats left out, a returned seat counted twice, a rank that is one too low;
 * accessible seats that are blocked or taken counted as free, or not anew, or side by side across rows.
 */
import { expect, test } from "vitest";

import { buildSeatPlan } from "@seatline/shared/core/seats/layout.ts";
import { isLive } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import { freeStanding } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import { buildLine, decideOn, lineAfter } from "@seatline/shared/testing/batches.ts";
import type { TestLine } from "@seatline/shared/testing/batches.ts";
import { layoutOf, seated, standing } from "@seatline/shared/testing/builders.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestConfirm,
  requestShow,
} from "@seatline/shared/testing/requests.ts";

import { LayoutGuide } from "./layouts.ts";
import { SeatMap } from "./seat-map.ts";
import type { SeatChange } from "./seat-map.ts";

const LAYOUT = layoutOf([seated("Stalls", "A-B", { seatsPerRow: 6 }), standing("Floor", 5)], {
  blocked: "3,10-11",
  accessible: "2-3,5-8,11-12",
});
const SEATS = buildSeatPlan(LAYOUT).seats;
const BLOCKED = [3, 10, 11];
const ACCESSIBLE = [2, 3, 5, 6, 7, 8, 11, 12];
const SHOW = requestShow({ layout: LAYOUT, rules: { cancelConfirmed: true, holdMs: 1_000 } });

function bookingsOf(state: LineState, status: Booking["status"]): Booking[] {
  return [...state.bookings.values()].filter((booking) => booking.status === status);
}

function seatsOf(state: LineState, status: Booking["status"]): number[] {
  return bookingsOf(state, status)
    .flatMap(({ seats }) => seats)
    .sort((a, b) => a - b);
}

function waitingOf(state: LineState): number[] {
  return bookingsOf(state, "WAITING")
    .map(({ place }) => place.offset)
    .sort((a, b) => a - b);
}

/** The map as a gateway reads it, made from the bookings alone. */
function load({ state, heads }: TestLine): SeatMap {
  const held = seatsOf(state, "PENDING");
  const taken = [...held, ...seatsOf(state, "CONFIRMED")].sort((a, b) => a - b);
  const counters = state.shows.get(SHOW.showId)?.sections[1] ?? { held: 0, confirmed: 0 };
  const floor = { section: 1, held: counters.held, confirmed: counters.confirmed };
  const version = heads.get(SHOW.showId)?.version ?? 0;
  const row = { version, taken, held, standing: [floor], waiting: waitingOf(state) };
  return new SeatMap(row, new LayoutGuide(LAYOUT));
}

/** What the sections must be, counted seat by seat. */
function countSections(state: LineState) {
  const show = state.shows.get(SHOW.showId);
  const live = [...state.bookings.values()].filter(isLive).flatMap(({ seats }) => seats);
  const blocked = BLOCKED.filter((seat) => !live.includes(seat)).length;
  const [held, confirmed] = [seatsOf(state, "PENDING").length, seatsOf(state, "CONFIRMED").length];
  const floor = show?.sections[1];
  return [
    { name: "Stalls", free: SEATS - held - confirmed - blocked, held, confirmed },
    {
      name: "Floor",
      free: show === undefined ? 0 : freeStanding(show, 1),
      held: floor?.held,
      confirmed: floor?.confirmed,
    },
  ];
}

/** What must be told of the free seats of each pool, seat by seat. */
function tellPools(state: LineState) {
  const live = [...state.bookings.values()].filter(isLive).flatMap(({ seats }) => seats);
  const seats = Array.from({ length: SEATS }, (_, index) => index + 1);
  const open = seats.filter((seat) => !live.includes(seat) && !BLOCKED.includes(seat));
  const accessible = open.filter((seat) => ACCESSIBLE.includes(seat));
  const general = open.filter((seat) => !ACCESSIBLE.includes(seat));
  // Against a blocked seat that is taken it counts twice.
  const twice = BLOCKED.filter((seat) => live.includes(seat));
  const countBefore = (its: readonly number[], seat: number) =>
    its.filter((it) => it < seat).length;
  // A row has six seats: no run goes on from 6 to 7.
  const text = seats.map((seat) => (accessible.includes(seat) ? "x" : " "));
  const rows = [text.slice(0, 6), text.slice(6)].map((row) => row.join(""));
  const runs = rows.flatMap((row) => row.split(/[^x]+/)).map(({ length }) => length);
  return {
    isOpenAccessible: seats.map((seat) => accessible.includes(seat)),
    general: seats.map((seat) => countBefore(general, seat) - countBefore(twice, seat)),
    accessible: seats.map((seat) => countBefore(accessible, seat)),
    counts: [
      { free: accessible.length, run: Math.max(...runs) },
      { free: 0, run: 0 },
    ],
  };
}

/** The same as the map tells it. */
function readPools(map: SeatMap): ReturnType<typeof tellPools> {
  const seats = Array.from({ length: SEATS }, (_, index) => index + 1);
  return {
    isOpenAccessible: seats.map((seat) => map.isOpenAccessible(seat)),
    general: seats.map((seat) => map.countFreeBefore(seat, "general")),
    accessible: seats.map((seat) => map.countFreeBefore(seat, "accessible")),
    counts: [...map.accessible],
  };
}

function buildRequest(random: Random, known: readonly string[]): Request {
  const id = known.length === 0 ? SHOW.showId : random.pick(known);
  const wait = random.chance(0.5) ? { until: null } : null;
  return random.pick<() => Request>([
    () => requestConfirm(id),
    () => requestCancel(id),
    () => requestCancel(id, { seats: [random.int(1, SEATS)], standing: [] }),
    () => requestBook(SHOW.showId, { seats: [random.int(1, SEATS)] }, { wait, byStaff: true }),
    () => requestBook(SHOW.showId, { count: random.int(1, 4) }, { wait }),
    () => requestBook(SHOW.showId, { together: [2] }, { wait }),
    () => requestBook(SHOW.showId, { count: 1, accessible: true }, { wait }),
  ])();
}

test("a map that follows the records shows what the bookings say, through every kind of change", () => {
  const random = buildRandom(seedOfRun());
  for (let round = 0; round < 60; round++) {
    let line = buildLine(0);
    line = lineAfter(line, decideOn(line, [SHOW]));
    let map = load(line);
    const known: string[] = [];
    for (let count = 0; count < 20; count++) {
      const requests = Array.from({ length: random.int(1, 3) }, () => buildRequest(random, known));
      known.push(...requests.filter(({ kind }) => kind === "book").map((it) => it.requestId));
      const batch = decideOn(line, requests, NOON + count * random.int(0, 800));
      line = lineAfter(line, batch);
      const [head] = batch.record.shows;
      if (head === undefined) continue;
      const changed = batch.record.entries.flatMap((entry) => entry.changed);
      if (!map.apply({ head, changed, isOtherShow: false })) map = load(line);
      expect({ seed: random.seed, ...map.ranges, version: map.version }).toEqual({
        seed: random.seed,
        ...load(line).ranges,
        version: head.version,
      });
      expect(map.sections).toEqual(countSections(line.state));
      expect(readPools(map)).toEqual(tellPools(line.state));
      expect(waitingOf(line.state).map((offset) => map.rankOf(offset))).toEqual(
        waitingOf(line.state).map((_, index) => index + 1),
      );
    }
  }
});

test("an older version changes nothing, and a gap or another show says that it must be loaded again", () => {
  const row = { version: 5, taken: [1, 2], held: [2], standing: [], waiting: [7] };
  const map = new SeatMap(row, new LayoutGuide(LAYOUT));
  const change = (version: number, isOtherShow = false) =>
    ({
      head: { version, seats: { free: "1", held: "", confirmed: "" }, standing: [] },
      changed: [],
      isOtherShow,
    }) as unknown as SeatChange;
  expect(map.apply(change(5))).toBe(true);
  expect(map.apply(change(4, true))).toBe(true);
  expect([map.version, map.ranges]).toEqual([5, { held: "2", confirmed: "1" }]);
  expect(map.apply(change(7))).toBe(false);
  expect(map.apply(change(6, true))).toBe(false);
  expect(map.apply(change(6))).toBe(true);
  expect(map.ranges).toEqual({ held: "2", confirmed: "" });
  expect([map.rankOf(7), map.rankOf(8)]).toEqual([1, null]);
});
