/**
 * Confirms against the ends of their holds, a thousand times: whoever was told CONFIRMED stays so, and no seat has
 * two owners at any moment of the log. Every outcome is foretold from append times and seat owners alone. Planted
 * faults these catch: a lapse judged by the worker's clock, a hold that outlives its last millisecond, a rescue that
 * does not look at the seats, ends never or a second late, is unmarked or never made, a lapsed hold confirmed like any
 * other, an expire that ends what is confirmed.
 */
import { setTimeout as pause } from "node:timers/promises";

import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { expect, test } from "vitest";

import { listSeats } from "@seatline/shared/testing/naive-show.ts";
import { expectStatus, problemOf } from "./client.ts";
import type { BookingView, Client, QueuedView } from "./client.ts";
import type { HttpAnswer } from "@seatline/shared/testing/http.ts";
import { useStack } from "./stack.ts";

const stack = useStack({ gateways: 2, expiryWorkers: 1, env: { SWEEP_SECONDS: "1" } });
const random = buildRandom(seedOfRun());

/** How long the worker stands still beyond the end of a hold; by hand, `STOPPED_S=180`. */
const STOPPED_S = Number(process.env["STOPPED_S"] ?? 3);
const BOOKINGS_PER_SHOW = 100;
/** The bookings have one seat and two by turns, so that every show is sold out before its first hold ends. */
const CAPACITY = 150;
const HOLD_S = 2;
const BETWEEN_ENDS_MS = 5;

type Rules = {
  /** Left out, it is the 15 minutes of any show. */
  readonly rescueSeconds?: number;
  /** Whether customers come who take any seat. */
  readonly hasNewcomers?: boolean;
  /** Whether the worker stands still while the holds end. */
  readonly isFrozen?: boolean;
};
/** Two shows of each at once, one pair after the other. */
const WAVES: readonly Rules[] = [
  {},
  { rescueSeconds: 0 },
  { rescueSeconds: 1 },
  { hasNewcomers: true },
  { rescueSeconds: 0, isFrozen: true },
];

/** The times are the client's; the broker's clock is the same, because all is on one machine. */
type Confirm = {
  readonly payment: string;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly answer: HttpAnswer;
};
type Race = {
  readonly booking: BookingView;
  readonly expiresAt: number;
  readonly confirms: readonly Confirm[];
  /** What others got who went for its seats, or for any, when its hold ended. */
  readonly others: readonly BookingView[];
};
type Sale = { readonly showId: string; readonly rules: Rules; readonly races: readonly Race[] };

/** Somebody who wants exactly the same seats, or any one, and keeps what they get or not. */
type Rival = { readonly at: number; readonly goal: "hold" | "confirm" | "now" | "any" };
/** All times are milliseconds after the end of the hold. */
type Plan = { readonly confirmsAt: readonly number[]; readonly rivals: readonly Rival[] };
const NOTHING: Plan = { confirmsAt: [], rivals: [] };

const MOMENTS = {
  before: () => random.int(-300, -60),
  around: () => random.int(-12, 12),
  after: () => random.int(20, 250),
  // Beyond a rescue time of one second.
  late: () => random.int(1_100, 1_400),
} as const;

/** Drawn before anything is asked, so that a seed brings the same plan again. */
function buildPlan({ hasNewcomers = false }: Rules): Plan {
  const weighted = ["before", "around", "around", "around", "after", "after", "late"] as const;
  const draw = MOMENTS[random.pick(weighted)];
  const first = draw();
  // Twins come at the same moment, from one gateway and from the other.
  const more = Array.from({ length: random.int(0, 2) }, () =>
    random.chance(0.6) ? first : draw(),
  );
  const rivals: Rival[] = [];
  const goal = random.pick(["hold", "confirm", "now"] as const);
  if (random.chance(0.4)) rivals.push({ at: random.int(-5, 30), goal });
  if (hasNewcomers && random.chance(0.4)) rivals.push({ at: random.int(5, 120), goal: "any" });
  return { confirmsAt: [first, ...more], rivals };
}

/** Here real time must pass: by nothing else do holds end. */
const until = (time: number) => pause(Math.max(0, time - Date.now()));
const endOf = ({ expiresAt }: BookingView) => Date.parse(expiresAt ?? "");

async function confirmAt(time: number, client: Client, payment: string): Promise<Confirm> {
  const [id = ""] = payment.split(" ");
  await until(time);
  const sentAt = Date.now();
  let answer = await client.confirm(id, { body: { payment } });
  if (answer.status === 202) {
    answer = await client.look(id, (answer.json as QueuedView).place, { prefer: "wait=30" });
  }
  return { payment, sentAt, answeredAt: Date.now(), answer };
}

/** What somebody else gets at the end of a hold: often nothing. */
async function goFor(booking: BookingView, { at, goal }: Rival, client: Client) {
  const { showId, seats } = booking;
  await until(endOf(booking) + at);
  const asked = { showId, ...(goal === "any" ? { count: 1 } : { seats }) };
  const answer = await client.askAndWait({ ...asked, ...(goal === "now" && { confirm: "now" }) });
  if (answer.status !== 201) {
    expect(["seats-taken", "not-enough-seats"]).toContain(problemOf(answer).reason);
    return [];
  }
  if (goal !== "confirm") return [answer.json as BookingView];
  const { id } = answer.json as BookingView;
  return [expectStatus(200, await client.confirm(id)) as BookingView];
}

async function race(booking: BookingView, index: number, plan: Plan): Promise<Race> {
  const expiresAt = endOf(booking);
  const clientOf = (turn: number) => stack().clientOf((index + turn) % 2);
  const confirming = plan.confirmsAt.map((at, turn) =>
    confirmAt(expiresAt + at, clientOf(turn), `${booking.id} ${turn}`),
  );
  const going = plan.rivals.map((rival) => goFor(booking, rival, clientOf(1)));
  const [confirms, others] = await Promise.all([Promise.all(confirming), Promise.all(going)]);
  return { booking, expiresAt, confirms, others: others.flat() };
}

/** Two shows of the same rules, sold out and then raced for. */
async function runWave(rules: Rules): Promise<Sale[]> {
  const { hasNewcomers: _, isFrozen = false, ...facts } = rules;
  const { client } = stack();
  const show = () => client.createShow({ capacity: CAPACITY, holdSeconds: HOLD_S, ...facts });
  const showIds = [(await show()).id, (await show()).id];
  const plans = Array.from({ length: 2 * BOOKINGS_PER_SHOW }, () => buildPlan(rules));
  const held = await Promise.all(
    plans.map((_, index) =>
      client.book({ showId: showIds[index % 2], count: ((index >> 1) % 2) + 1 }),
    ),
  );
  // Held anew one after the other, else they would all end in the same few milliseconds.
  const startAt = Date.now();
  const extended = held.map(async (booking, index) => {
    await until(startAt + index * BETWEEN_ENDS_MS);
    const longer = await client.extend(booking.id, { body: { seconds: HOLD_S } });
    // On a machine that is too busy it has lapsed before: then its confirms are late, and that is all.
    return longer.status === 410 ? booking : (expectStatus(200, longer) as BookingView);
  });
  const racing = extended.map(async (booking, index) => {
    return race(await booking, index >> 1, plans[index] ?? NOTHING);
  });
  const freezing = isFrozen ? freezeAround(extended) : null;
  const [races] = await Promise.all([Promise.all(racing), freezing]);
  return showIds.map((showId) => ({
    showId,
    rules,
    races: races.filter(({ booking }) => booking.showId === showId),
  }));
}

async function freezeAround(bookings: readonly Promise<BookingView>[]): Promise<void> {
  const ends = (await Promise.all(bookings)).map(endOf);
  await until(Math.min(...ends) - 30);
  stack().worker().freeze();
  await until(Math.max(...ends) + 400);
  stack().worker().wake();
}

/** Sweeps by hand at both gateways, as fast as they go, beside the expiry-worker's. */
async function whileSweeping<T>(work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const over = work.finally(() => {
    done.abort();
  });
  const sweeps = stack().gateways.map(async (_, gateway) => {
    while (!done.signal.aborted) {
      await stack().clientOf(gateway).expiryRun();
      await pause(20);
    }
  });
  const [result] = await Promise.all([over, ...sweeps]);
  return result;
}

/** Who has which seat, change by change of a show's log. */
class Ledger {
  readonly owners = new Map<number, string>();
  readonly bookings = new Map<string, Booking>();

  move(after: Booking): void {
    const before = this.bookings.get(after.id);
    for (const seat of before === undefined ? [] : ownSeats(before)) this.owners.delete(seat);
    for (const seat of ownSeats(after)) {
      const owner = this.owners.get(seat);
      if (owner !== undefined) throw new Error(`seat ${seat} is of ${owner} and of ${after.id}`);
      this.owners.set(seat, after.id);
    }
    this.bookings.set(after.id, after);
  }

  isFreeFor({ id, seats }: BookingView): boolean {
    return seats.every((seat) => (this.owners.get(seat) ?? id) === id);
  }
}

const ownSeats = ({ status, seats }: Booking) =>
  status === "PENDING" || status === "CONFIRMED" ? seats : [];

const TOLD = { inTime: "won", rescued: "rescued", lost: "refused", tooLate: "refused" } as const;
type Fate = keyof typeof TOLD | "again";
const fates: Record<Fate, number> = { inTime: 0, rescued: 0, lost: 0, tooLate: 0, again: 0 };
const seen = { decidedLate: 0, within5ms: 0, lapses: 0, swept: 0, resold: 0 };

/** What the rules say about a confirm, by the time at which the broker appended it. */
function foretell(
  { expiresAt }: Race,
  { rescueSeconds = 900 }: Rules,
  at: { readonly appendedAt: number; readonly wasConfirmed: boolean; readonly isFree: boolean },
): Fate {
  if (at.wasConfirmed) return "again";
  if (at.appendedAt < expiresAt) return "inTime";
  if (rescueSeconds === 0 || at.appendedAt > expiresAt + rescueSeconds * 1_000) return "tooLate";
  return at.isFree ? "rescued" : "lost";
}

/** What the customer was told. */
function hear({ answer }: Confirm): "won" | "rescued" | "refused" {
  if (answer.status === 200) {
    const { status, rescued } = answer.json as BookingView;
    expect(status).toBe("CONFIRMED");
    return rescued ? "rescued" : "won";
  }
  expect(problemOf(answer)).toMatchObject({
    status: 410,
    reason: "hold-expired",
    booking: { status: "FAILED", reason: "hold-expired", seats: [] },
  });
  return "refused";
}

type Asked = { readonly kind: string; readonly bookingId?: string; readonly payment?: string };

/** Walks through a show's log: what each confirm was told is what it had to be told. */
function checkLog({ rules, races }: Sale, entries: readonly RecordEntry[]): Ledger {
  const ledger = new Ledger();
  const raceById = new Map(races.map((race) => [race.booking.id, race]));
  const confirmByPayment = new Map(
    races.flatMap(({ confirms }) => confirms.map((confirm) => [confirm.payment, confirm])),
  );
  for (const { request, appendedAt, now, changed } of entries) {
    const { kind, bookingId = "", payment = "" } = JSON.parse(request ?? "{}") as Asked;
    const race = raceById.get(bookingId);
    const wasConfirmed = ledger.bookings.get(bookingId)?.status === "CONFIRMED";
    const lapses = changed.filter(({ reason }) => reason === "hold-expired").length;
    seen.lapses += lapses;
    if (kind === "expire") seen.swept += lapses;
    // What lapses in front of a confirm is free for it: so its own change is judged when its turn comes.
    let isFree: boolean | undefined;
    for (const after of changed) {
      const isOwn = after.id === race?.booking.id && after.status === "CONFIRMED";
      if (isOwn) isFree = ledger.isFreeFor(race.booking);
      ledger.move(after);
    }
    const confirm = kind === "confirm" ? confirmByPayment.get(payment) : undefined;
    if (race === undefined || confirm === undefined) continue;
    confirmByPayment.delete(payment);
    isFree ??= ledger.isFreeFor(race.booking);
    const fate = foretell(race, rules, { appendedAt, wasConfirmed, isFree });
    const own = ledger.bookings.get(bookingId);
    const told = fate === "again" ? (own?.rescued === true ? "rescued" : "won") : TOLD[fate];
    const sinceEnd = appendedAt - race.expiresAt;
    const heard = [hear(confirm), own?.status];
    const due = [told, told === "refused" ? "FAILED" : "CONFIRMED"];
    expect({ payment, fate, sinceEnd, heard }).toEqual({ payment, fate, sinceEnd, heard: due });
    fates[fate] += 1;
    if (fate === "inTime" && now >= race.expiresAt) seen.decidedLate += 1;
    if (Math.abs(sinceEnd) <= 5) seen.within5ms += 1;
  }
  expect([...confirmByPayment.keys()], "every confirm stands in the log").toEqual([]);
  return ledger;
}

/** By the customers' own clock, whatever the log says of times. */
function checkClock({ expiresAt, confirms }: Race, view: BookingView | undefined): void {
  const sent = Math.min(...confirms.map(({ sentAt }) => sentAt)) - expiresAt;
  const answered = Math.min(...confirms.map(({ answeredAt }) => answeredAt)) - expiresAt;
  const moments = `sent at ${sent}, answered at ${answered}`;
  if (answered < 0) expect(view, moments).toMatchObject({ status: "CONFIRMED", rescued: false });
  if (sent >= 0 && view?.status === "CONFIRMED") expect(view.rescued, moments).toBe(true);
}

/** What all say when everything is decided: both gateways, the tables, and the log. */
async function checkEnd({ showId, races }: Sale, ledger: Ledger): Promise<void> {
  const { sql } = stack().database;
  const rows = await sql<Pick<Booking, "id" | "status" | "seats" | "rescued">[]>`
    select id, status, seats, rescued from bookings where show_id = ${showId}`;
  for (const row of rows) expect(ledger.bookings.get(row.id)).toMatchObject(row);
  const [views, others] = await Promise.all(
    [0, 1].map((it) => Promise.all(rows.map(({ id }) => stack().clientOf(it).booking(id)))),
  );
  expect(views).toEqual(others);
  const viewById = new Map(views?.map((view) => [view.id, view]));
  for (const { id, status, rescued } of rows) {
    expect(viewById.get(id)).toMatchObject({ status, rescued });
  }
  for (const told of listPromises(races)) expect(viewById.get(told.id)).toEqual(told);
  for (const race of races) checkClock(race, viewById.get(race.booking.id));
  const taken = await sql<{ seat: number; id: string }[]>`
    select seat_no as seat, booking_id as id from seats where show_id = ${showId} order by seat_no`;
  expect(new Map(taken.map(({ seat, id }) => [seat, id]))).toEqual(ledger.owners);
  const owned = rows.filter(({ status }) => status === "CONFIRMED").flatMap(({ seats }) => seats);
  expect(owned.sort((a, b) => a - b)).toEqual(taken.map(({ seat }) => seat));
  const counts = { free: CAPACITY - owned.length, held: 0, confirmed: owned.length };
  for (const gateway of [0, 1]) {
    const client = stack().clientOf(gateway);
    expect(await client.show(showId)).toMatchObject({ ...counts, capacity: CAPACITY });
    expect(listSeats((await client.seats(showId)).confirmed)).toEqual(owned);
  }
  seen.resold += races.flatMap((race) => race.others).length;
}

/** Every booking that somebody was told is CONFIRMED, as they were told. */
function listPromises(races: readonly Race[]): BookingView[] {
  return races.flatMap(({ confirms, others }) => [
    ...confirms
      .filter(({ answer }) => answer.status === 200)
      .map(({ answer }) => answer.json as BookingView),
    ...others.filter(({ status }) => status === "CONFIRMED"),
  ]);
}

test(`1,000 confirms around the ends of their holds (SEED=${random.seed})`, async () => {
  const sales: Sale[] = [];
  for (const rules of WAVES) sales.push(...(await whileSweeping(runWave(rules))));
  const { client, database } = stack();
  const look = async () => {
    await client.expiryRun();
    return database.sql`select id from bookings where status = 'PENDING'`;
  };
  await expect.poll(look, { timeout: 30_000, interval: 50 }).toEqual([]);
  for (const sale of sales) {
    await checkEnd(sale, checkLog(sale, await client.decisions(sale.showId)));
  }
  expect(sales.flatMap(({ races }) => races)).toHaveLength(1_000);
  console.log(`races, seed ${random.seed}:`, { ...fates, ...seen });
  for (const [what, times] of Object.entries({ ...fates, ...seen })) {
    expect(times, what).toBeGreaterThan(0);
  }
});

/** The worker stands still far beyond the end of the hold, and beyond its rescue: there is none. */
test.each(["frozen", "stopped"] as const)(
  "a confirm that reached the line in time wins though the worker was %s long beyond the hold",
  async (how) => {
    const { client } = stack();
    const [worker, other] = [stack().worker(), stack().clientOf(1)];
    const { id: showId } = await client.createShow({ holdSeconds: 3, rescueSeconds: 0 });
    const inTime = await client.book({ showId, seats: [1] });
    const late = await client.book({ showId, seats: [2] });
    await (how === "frozen" ? worker.freeze() : worker.stop());
    const queue = async (id: string) => {
      const answer = await client.confirm(id, { headers: { prefer: "wait=0" } });
      return expectStatus(202, answer) as QueuedView;
    };
    const { place } = await queue(inTime.id);
    expect(Date.now()).toBeLessThan(endOf(inTime));
    const awayUntil = endOf(late) + STOPPED_S * 1_000;
    await until(awayUntil);
    const { place: latePlace } = await queue(late.id);
    const rivals = [
      await other.queue({ showId, seats: [1] }),
      await other.queue({ showId, seats: [2] }),
    ];
    await (how === "frozen" ? worker.wake() : worker.start());
    const confirmed = await other.decided({ id: inTime.id, place });
    expect(confirmed).toMatchObject({ status: "CONFIRMED", rescued: false, seats: [1] });
    const refused = await client.look(late.id, latePlace, { prefer: "wait=30" });
    expect(problemOf(refused)).toMatchObject({ status: 410, reason: "hold-expired" });
    const got = await Promise.all(rivals.map((rival) => other.decided(rival)));
    expect(got.map(({ seats }) => seats)).toEqual([[], [2]]);
    const decision = (await client.decisions(showId)).find(({ changed }) =>
      changed.some(({ id, status }) => id === inTime.id && status === "CONFIRMED"),
    );
    expect(decision?.appendedAt).toBeLessThan(endOf(inTime));
    expect(decision?.now).toBeGreaterThanOrEqual(awayUntil);
    await client.expiryRun();
    for (const it of [client, other]) expect(await it.booking(inTime.id)).toEqual(confirmed);
    const rows = await stack().database.sql`
      select status, rescued from bookings where id = ${inTime.id}`;
    expect(rows).toEqual([{ status: "CONFIRMED", rescued: false }]);
  },
  (STOPPED_S + 120) * 1_000,
);
