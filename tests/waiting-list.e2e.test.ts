/**
 * A sold-out hall, 1,500 bookings that wait for all sorts of places, and 1,000 seats that come back one by one
 * while newcomers try their luck: after every request of the line, those who have places are the ones that a naive
 * model has served, who walks through all who wait, by their places. Planted faults it catches: the last who came is
 * served first, one that does not fit holds up all behind it, newcomers go before who waits, any seats for the lowest,
 * one served only where there is room for two, a part of what was wanted.
 */
import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { expect, test } from "vitest";

import { listSeats } from "@seatline/shared/testing/naive-show.ts";
import { expectStatus, problemOf } from "./client.ts";
import type { BookingView } from "./client.ts";
import type { HttpAnswer } from "@seatline/shared/testing/http.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2 });
const random = buildRandom(seedOfRun());
/** By turns the one gateway and the other. */
const clientAt = (turn: number) => stack().clientOf(turn % 2);

const SEATS = 1_000;
const SEATS_PER_ROW = 20;
const WAITING = 1_500;
/** Largest booking of a show, unless it says otherwise. */
const HOLDING = 50;
/** How many are under way at once: enough for batches of several, in an order that only the line knows. */
const LANES = 6;

/** Their first seats are 1, 401 and 801. */
const SECTIONS = [
  { name: "Stalls", rows: "A-T", seatsPerRow: SEATS_PER_ROW, aislesAfter: [10] },
  { name: "Circle", rows: "A-T", seatsPerRow: SEATS_PER_ROW },
  { name: "Balcony", rows: "A-J", seatsPerRow: SEATS_PER_ROW },
];

type Want = { readonly sections?: readonly string[] } & (
  | { readonly count: number }
  | { readonly together: readonly number[] }
  | { readonly seats: readonly number[] }
);

const sectionOf = (seat: number) => (seat <= 400 ? "Stalls" : seat <= 800 ? "Circle" : "Balcony");
const rowOf = (seat: number) => Math.floor((seat - 1) / SEATS_PER_ROW);

/** Does a task for each item, a few at a time. */
async function inLanes<Item, Result>(
  items: readonly Item[],
  task: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const lane = async () => {
    for (const [index, item] of queue) results[index] = await task(item, index);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

function shuffle<Item>(items: readonly Item[]): Item[] {
  const left = [...items];
  for (let last = left.length - 1; last > 0; last--) {
    const other = random.int(0, last);
    [left[last], left[other]] = [left[other] as Item, left[last] as Item];
  }
  return left;
}

/** Few who take anything, and long lines for what comes back late: else the first ones would leave nothing. */
function drawWants(): Want[] {
  const sections = [random.pick(SECTIONS).name];
  const first = random.int(1, SEATS - 3);
  const seats = Array.from({ length: random.int(1, 3) }, (_, index) => first + index);
  const draws: (readonly [share: number, wants: Want[]])[] = [
    [6, [{ count: 1 }]],
    [5, [{ count: 2 }]],
    [4, [{ count: 1, sections }]],
    [4, [{ count: 2, sections }]],
    [8, [{ together: [2] }]],
    [16, [{ together: [3] }]],
    [6, [{ together: [2], sections }]],
    [14, [{ together: [3], sections }]],
    [6, [{ together: [2, 3] }]],
    [21, [{ seats }]],
    [10, [{ seats }, { together: [2], sections }]],
  ];
  let at = random.int(1, 100);
  return draws.find(([share]) => (at -= share) <= 0)?.[1] ?? [{ count: 1 }];
}

/** How long the runs of neighbours are, among seats in ascending order. */
function listRuns(seats: readonly number[]): number[] {
  const runs: number[] = [];
  for (const [index, seat] of seats.entries()) {
    const before = seats[index - 1] ?? Number.NaN;
    const goesOn = before === seat - 1 && rowOf(before) === rowOf(seat);
    runs.push(goesOn ? (runs.pop() ?? 0) + 1 : 1);
  }
  return runs;
}

/** Tries every group in every run. */
function canSit([size, ...others]: readonly number[], runs: readonly number[]): boolean {
  if (size === undefined) return true;
  return runs.some((run, index) => run >= size && canSit(others, runs.with(index, run - size)));
}

/** Whether seats are groups of these sizes, one after the other, each side by side in one row. */
function isSeated(sizes: readonly number[], seats: readonly number[]): boolean {
  const left = [...seats];
  const groups = sizes.map((size) => left.splice(0, size));
  const areNeighbours = groups.every(([first = 0, ...rest]) =>
    rest.every((seat, index) => seat === first + index + 1 && rowOf(seat) === rowOf(first)),
  );
  return (
    left.length === 0 &&
    groups.every(({ length }, index) => length === sizes[index]) &&
    areNeighbours
  );
}

type Open = { readonly seats: readonly number[]; readonly runs: readonly number[] };

type Waiter = { readonly id: string; readonly place: string; readonly wants: readonly Want[] };

/** The plainest thing that can tell who fits: which seats are free, and who waits, by their places. */
class Model {
  readonly free = new Set<number>();
  /** Whom the system gave which seats, as far as the rules give them. */
  readonly served = new Map<string, readonly number[]>();
  /** Who was served and has cancelled. */
  readonly left = new Set<string>();
  waiting: readonly Waiter[];
  /** What is free in which sections, as long as nothing changes. */
  readonly #open = new Map<string, Open>();

  constructor(waiters: readonly Waiter[]) {
    this.waiting = waiters;
  }

  /** Of a booking these seats come back, or all that it was given. */
  giveBack(id: string, places: Asked["places"]): void {
    for (const seat of places?.seats ?? this.served.get(id) ?? []) this.free.add(seat);
    if (this.served.has(id)) this.left.add(id);
    this.#open.clear();
  }

  /** The first of the wants that fits, or -1. */
  findWant(wants: readonly Want[]): number {
    return wants.findIndex((want) => this.#fits(want));
  }

  /** Takes the seats that the system chose for a want that fits; says whether they are such as the rules give. */
  take(want: Want, seats: readonly number[]): boolean {
    const { seats: open } = this.#openFor(want);
    const areOpen = new Set(seats).size === seats.length && seats.every((it) => open.includes(it));
    for (const seat of seats) this.free.delete(seat);
    this.#open.clear();
    if (!areOpen) return false;
    if ("seats" in want) return seats.join() === want.seats.join();
    if ("count" in want) return seats.join() === open.slice(0, want.count).join();
    return isSeated(want.together, seats);
  }

  #fits(want: Want): boolean {
    if ("seats" in want) return want.seats.every((seat) => this.free.has(seat));
    const { seats, runs } = this.#openFor(want);
    return "count" in want ? seats.length >= want.count : canSit(want.together, runs);
  }

  #openFor({ sections }: Want): Open {
    const name = sections?.join() ?? "all";
    const known = this.#open.get(name);
    if (known !== undefined) return known;
    const seats = [...this.free].filter((seat) => sections?.includes(sectionOf(seat)) ?? true);
    seats.sort((a, b) => a - b);
    const open = { seats, runs: listRuns(seats) };
    this.#open.set(name, open);
    return open;
  }
}

const seen = {
  served: 0,
  anywhere: 0,
  pairs: 0,
  groups: 0,
  exact: 0,
  inSection: 0,
  secondWant: 0,
  /** More would have fitted than there was for: the order decided. */
  contested: 0,
  severalAtOnce: 0,
  newcomers: 0,
  refused: 0,
  refusedBesideFree: 0,
};

type Asked = {
  readonly kind: string;
  readonly bookingId?: string;
  readonly customer?: string;
  readonly wants?: readonly Want[];
  /** Null for all. */
  readonly places?: { readonly seats: readonly number[] } | null;
};

/** Whom the system served in one entry of the log, against whom the model serves. */
function checkServed(model: Model, served: readonly Booking[]): void {
  const fitting = model.waiting.filter(({ wants }) => model.findWant(wants) >= 0);
  const due: string[] = [];
  for (const { id, wants } of model.waiting) {
    const index = model.findWant(wants);
    const want = wants[index];
    if (want === undefined) continue;
    const its = served[due.length];
    due.push(id);
    expect([its?.id, its?.status, its?.want]).toEqual([id, "PENDING", index]);
    expect(
      model.take(want, its?.seats ?? []),
      `${JSON.stringify(want)}: ${its?.seats.join()}`,
    ).toBe(true);
    model.served.set(id, its?.seats ?? []);
    count(want, index);
  }
  expect(served.map(({ id }) => id)).toEqual(due);
  if (due.length < fitting.length) seen.contested += 1;
  if (due.length > 1) seen.severalAtOnce += 1;
  model.waiting = model.waiting.filter(({ id }) => !due.includes(id));
}

function count(want: Want, index: number): void {
  seen.served += 1;
  if (index > 0) seen.secondWant += 1;
  if ("seats" in want) seen.exact += 1;
  else if ("count" in want) seen.anywhere += 1;
  else if (want.together.join() === "2") seen.pairs += 1;
  else seen.groups += 1;
  if (want.sections !== undefined) seen.inSection += 1;
}

/** A newcomer takes what nobody who waits has a use for, or nothing. */
function checkNewcomer(model: Model, wants: readonly Want[], answer: HttpAnswer): void {
  const index = model.findWant(wants);
  const want = wants[index];
  if (want === undefined) {
    expect(problemOf(answer).status, JSON.stringify(wants)).toBe(409);
    seen.refused += 1;
    if (model.free.size > 0) seen.refusedBesideFree += 1;
    return;
  }
  const booking = expectStatus(201, answer) as BookingView;
  expect(booking).toMatchObject({ status: "PENDING", want: index });
  expect(model.take(want, booking.seats), JSON.stringify(wants)).toBe(true);
  seen.newcomers += 1;
}

/** Walks through the log with the model; `answers` are those of the newcomers, by their names. */
function replay(
  model: Model,
  entries: readonly RecordEntry[],
  answers: ReadonlyMap<string, HttpAnswer>,
): void {
  const left = new Set(answers.keys());
  for (const { request, changed } of entries) {
    const asked = JSON.parse(request ?? "{}") as Asked;
    const { kind, bookingId = "", customer = "", wants = [], places } = asked;
    if (kind !== "cancel" && !left.delete(customer)) continue;
    const answer = answers.get(customer);
    const waits = new Set(model.waiting.map(({ id }) => id));
    if (answer === undefined) model.giveBack(bookingId, places);
    else checkNewcomer(model, wants, answer);
    checkServed(
      model,
      changed.filter(({ id }) => waits.has(id)),
    );
  }
  expect([...left], "every newcomer stands in the log").toEqual([]);
}

/** The hall, sold out to holders of blocks of seats, by turns held and confirmed. */
async function sellOut(): Promise<{ showId: string; holders: readonly BookingView[] }> {
  const { client } = stack();
  const rules = { capacity: undefined, holdSeconds: 3_600, cancelConfirmed: true };
  const { id: showId } = await client.createShow({ ...rules, sections: SECTIONS });
  const blocks = Array.from({ length: SEATS / HOLDING }, (_, block) =>
    Array.from({ length: HOLDING }, (_, index) => block * HOLDING + index + 1),
  );
  const holders = await inLanes(blocks, (seats, index) =>
    client.book({ showId, seats, ...(index % 2 === 0 && { confirm: "now" }) }),
  );
  expect(await client.show(showId)).toMatchObject({ free: 0, held: 500, confirmed: 500 });
  return { showId, holders };
}

/** Every seat comes back by itself; beside every eighth comes a newcomer, at once or right after it. */
async function giveAllBack(showId: string, holders: readonly BookingView[]) {
  const answers = new Map<string, HttpAnswer>();
  const steps = shuffle(Array.from({ length: SEATS }, (_, index) => index + 1)).map((seat) => ({
    seat,
    newcomer: random.chance(1 / 8)
      ? random.pick([{ count: 1 }, { seats: [seat] }, { together: [2] }])
      : null,
    isAtOnce: random.chance(0.5),
  }));
  await inLanes(steps, async ({ seat, newcomer, isAtOnce }, index) => {
    const giving = clientAt(index);
    const holder = holders[Math.floor((seat - 1) / HOLDING)]?.id ?? "";
    const back = giving.cancel(holder, { body: { seats: [seat] } });
    if (!isAtOnce) expectStatus(200, await back);
    if (newcomer !== null) {
      const customer = `newcomer ${seat}`;
      const body = { showId, customer, ...newcomer };
      answers.set(customer, await clientAt(index + 1).askAndWait(body));
    }
    expectStatus(200, await back);
  });
  return answers;
}

/** Every other one of those who were served goes away: then several seats come back at once. */
async function leave(model: Model): Promise<void> {
  const leaving = [...model.served.keys()].filter((_, index) => index % 2 === 0);
  await inLanes(leaving, async (id, index) => {
    expectStatus(200, await clientAt(index).cancel(id));
  });
}

/** What everybody says at last: who still waits, at which rank, who has left, and who has which seats. */
async function checkEnd(showId: string, model: Model, waiters: readonly Waiter[]): Promise<void> {
  const rankById = new Map(model.waiting.map(({ id }, index) => [id, index + 1]));
  const rows = await stack().database.sql<{ id: string; status: string; seats: number[] }[]>`
    select id, status, array(select seat_no from seats where booking_id = b.id order by 1) as seats
      from bookings b where show_id = ${showId}`;
  const rowById = new Map(rows.map((row) => [row.id, row]));
  const all = Array.from({ length: SEATS }, (_, index) => index + 1);
  const held = all.filter((seat) => !model.free.has(seat));
  expect(rows.flatMap(({ seats }) => seats).sort((a, b) => a - b)).toEqual(held);
  for (const gateway of [0, 1]) {
    const client = stack().clientOf(gateway);
    const views = await inLanes(waiters, ({ id }) => client.booking(id));
    for (const { id, status, rank = null, seats } of views) {
      const given = model.served.get(id);
      const due = given === undefined ? "WAITING" : model.left.has(id) ? "CANCELLED" : "PENDING";
      const itsRank = rankById.get(id) ?? null;
      const itsSeats = due === "PENDING" ? given : [];
      expect([id, status, rank, seats]).toEqual([id, due, itsRank, itsSeats]);
      expect(rowById.get(id)).toEqual({ id, status, seats: seats.toSorted((a, b) => a - b) });
    }
    const counts = { free: model.free.size, held: held.length, confirmed: 0 };
    expect(await client.show(showId)).toMatchObject(counts);
    expect(listSeats((await client.seats(showId)).held)).toEqual(held);
  }
}

test(`1,000 seats that come back one by one go to the first of 1,500 that fit (SEED=${random.seed})`, async () => {
  const { showId, holders } = await sellOut();
  const wants = Array.from({ length: WAITING }, drawWants);
  const waiters = await inLanes(wants, async (wants, index) => {
    const asked = { showId, wants, ifUnavailable: "wait" };
    const { id, place, status } = await clientAt(index).book(asked);
    expect(status).toBe("WAITING");
    return { id, place, wants };
  });
  const offsetOf = ({ place }: Waiter) => Number(place.split("-")[1]);
  const model = new Model(waiters.sort((a, b) => offsetOf(a) - offsetOf(b)));
  const answers = await giveAllBack(showId, holders);
  const { client } = stack();
  const entries = await client.decisions(showId);
  replay(model, entries, answers);
  await leave(model);
  replay(model, (await client.decisions(showId)).slice(entries.length), new Map());
  await checkEnd(showId, model, waiters);
  console.log(`the waiting list, seed ${random.seed}:`, {
    ...seen,
    waitOn: model.waiting.length,
    free: model.free.size,
  });
  for (const [what, times] of Object.entries(seen)) expect(times, what).toBeGreaterThan(0);
});
