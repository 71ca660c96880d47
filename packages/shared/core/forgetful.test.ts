/**
 * A worker forgets: it knows the shows that were asked for, who holds and who waits in them, and of all that is
 * settled only what the batch at hand names. Whoever replays a line knows everything. Both must decide the same, also
 * where the bounds cut a step off: so they are tiny here, and follow-ups go on behind the line, now and then twice.
 * Whenever nothing is left in the line, all who wait were asked, and all that a cancelled show had has ended. A run
 * that fails names its seed; `SEED=…` brings it back. Planted faults this catches: a page of a cancellation that has
 * too little room for what lapses before it, or that is not loaded for the step itself, a step that takes other
 * bookings than the next ones, a follow-up that is forgotten (of each kind), late comers and newcomers before those who
 * wait, a restored show that does not know who waits, until when, or that somebody may be served, one whose customers
 * are not counted.
 */
import { describe, expect, it } from "vitest";
import { needsBatchOfItsOwn } from "../line/batch.ts";
import { book, changeShow, confirm } from "../testing/builders.ts";
import { ForgetfulWorker } from "../testing/forgetful-worker.ts";
import { endsWithShow } from "../testing/naive-change.ts";
import { seedOfRun } from "../testing/random.ts";
import { HOLD_MS, buildRandomSale, buildRequest } from "../testing/random-sales.ts";
import type { RandomSale, SaleHabits } from "../testing/random-sales.ts";
import type { Bounds } from "./bounds.ts";
import type { Decision, Moment } from "./decision.ts";
import { isLive, isUnsettled } from "./model.ts";
import type { Booking } from "./model.ts";
import { readIds } from "./requests.ts";
import type { Book, Request, ShowChanges } from "./requests.ts";
import { isServing } from "./sale.ts";
import type { SeatPlan } from "./seats/layout.ts";
import { encodeRanges } from "./seats/ranges.ts";
import { buildLineState, freePlaces } from "./show.ts";
import type { LineState, Show } from "./show.ts";
import { buildNudge, findSubject, step } from "./step.ts";

const SALES = 150;
const REQUESTS = 400;
const BATCH_REQUESTS_MAX = 5;
const TINY: Bounds = { lapses: 2, serves: 2, cancels: 3 };
/** Much is booked, and many wait for long: most steps have more to do than they may. */
const HABITS: SaleHabits = { waits: 0.8, waitMsMax: 25 * HOLD_MS, confirmsNow: 0.3, closes: 0.2 };
const OPEN = { sale: "open", archived: false, opensAt: null, closesAt: null } as const;
const seed = seedOfRun();

/** What must have come up for a run to have tested anything. */
const seen = {
  followUps: 0,
  followUpsAgain: 0,
  loadedAgain: 0,
  evictedShows: 0,
  evictedInBetween: 0,
  showsCancelled: 0,
  showsCancelledInSteps: 0,
  lapsedBeforeCancellationStep: 0,
  served: 0,
  servedByNudge: 0,
  rescued: 0,
  rescuesBehindOthers: 0,
  newcomersBehindOthers: 0,
  openedUnasked: 0,
};

type Run = {
  readonly sale: RandomSale;
  readonly worker: ForgetfulWorker;
  /** The line: all that was ever asked for, and how far it is decided. */
  readonly topic: Request[];
  next: number;
  /** Follow-ups that will be published once more, behind what is published next. */
  readonly again: Request[];
  /** By show, when the last request about it reached the line. */
  readonly askedAt: Map<string, number>;
  /** By show, how many steps ended bookings because it was cancelled. */
  readonly cancelSteps: Map<string, number>;
};

function runSale(saleSeed: number): Run {
  const sale = buildRandomSale(saleSeed, HABITS, buildLineState(TINY));
  const run: Run = {
    sale,
    worker: new ForgetfulWorker(TINY),
    topic: [...sale.shows],
    next: 0,
    again: [],
    askedAt: new Map(),
    cancelSteps: new Map(),
  };
  while (run.topic.length < REQUESTS) {
    publish(run);
    decideBatch(run);
  }
  const opensAt = sale.appendedAt + 5 * HOLD_MS;
  for (const { showId } of sale.shows) run.topic.push(change(showId, { ...OPEN, opensAt }));
  decideRest(run);
  sale.appendedAt = Math.max(sale.appendedAt, opensAt);
  sweepOpened(run);
  decideRest(run);
  checkEnded(run);
  noteEnd(run);
  return run;
}

/** What anybody may ask for; now and then nothing is for sale for a while, or a show is over for good. */
function publish({ sale, topic, again }: Run): void {
  const { random, shows, state } = sale;
  sale.isLate = topic.length > REQUESTS * 0.6;
  for (let count = random.int(0, 4); count > 0; count--) topic.push(buildRequest(sale));
  topic.push(...again.splice(0));
  const show = state.shows.get(random.pick(shows).showId);
  if (show === undefined || show.facts.sale === "cancelled") return;
  const isFull = freePlaces(show) === 0;
  if (isFull && random.chance(0.3)) topic.push(...buildReopening(sale, show));
  if (!isFull && random.chance(0.05)) topic.push(...buildPause(sale, show));
  if (random.chance(0.008)) topic.push(...buildCancellation(sale, show));
}

function change(showId: string, changes: ShowChanges): Request {
  return { ...changeShow(changes), showId };
}

/** Two hold the last seats, then nothing is for sale any more, and many wait. */
function buildPause(sale: RandomSale, { facts, plan, sections }: Show): Request[] {
  const { id: showId, layout } = facts;
  const last = [plan.seats, plan.seats - 1].filter((seat) => seat > 0);
  const standing = layout.sections.flatMap(({ kind, name }, index) => {
    const { held = 0, confirmed = 0 } = sections[index] ?? {};
    return kind === "standing" ? [{ name, standing: held + confirmed }] : [];
  });
  return [
    ...last.map((seat) => buildBook(sale, { showId, wants: [{ seats: [seat] }] })),
    change(showId, { block: rangeOf(plan), sections: standing }),
    ...Array.from({ length: 8 }, () => buildBook(sale, { showId })),
  ];
}

/** All of it is for sale at once: many are served; who comes right behind, late or new, wants some of it, too. */
function buildReopening(sale: RandomSale, { facts, plan }: Show): Request[] {
  const { random, state, appendedAt } = sale;
  const { id: showId, layout } = facts;
  const sections = layout.sections
    .filter(({ kind }) => kind === "standing")
    .map(({ name }) => ({ name, standing: 50 }));
  const reopening = change(showId, { ...OPEN, unblock: rangeOf(plan), sections });
  if (random.chance(0.4)) return [reopening];
  const late = [...state.bookings.values()]
    .filter((booking) => booking.showId === showId && mayBeRescued(booking, state, appendedAt))
    .map(({ id }) => confirm(id, "late"));
  const newcomers = [buildBook(sale, { showId }), buildBook(sale, { showId })];
  return [reopening, ...(random.chance(0.5) ? [...late, ...newcomers] : [...newcomers, ...late])];
}

function rangeOf({ seats }: SeatPlan): string {
  return encodeRanges(Array.from({ length: seats }, (_, index) => index + 1));
}

/** The end of a show in which some have confirmed and others hold, by turns. */
function buildCancellation(sale: RandomSale, { facts: { id: showId } }: Show): Request[] {
  const books = [true, false, false, true, false, true, false, true, true].map((confirmNow) =>
    buildBook(sale, { showId, confirmNow }),
  );
  return [...books, change(showId, { sale: "cancelled" })];
}

/** One place or more, held or confirmed at once; whoever gets none waits. */
function buildBook(
  { random, books }: RandomSale,
  { wants = [{ count: 1 }], ...asked }: Pick<Book, "showId"> & Partial<Book>,
): Book {
  const customer = random.pick(["ann", "bob", "eve", "joe"]);
  const options = { customer, wait: { until: null }, holdMs: HOLD_MS, ...asked };
  const request = { ...book(`b${books.length}`, ...wants), ...options };
  books.push(request);
  return request;
}

function isFollowUp(request: Request): boolean {
  if (request.kind !== "change-show") return false;
  return request.after !== null || request.requestId === request.showId;
}

/** Whether it is not too late yet. */
function mayBeRescued(
  { showId, reason, expiresAt }: Booking,
  { shows }: LineState,
  appendedAt: number,
): boolean {
  const { rescueMs } = shows.get(showId)?.facts.rules ?? { rescueMs: 0 };
  return reason === "hold-expired" && appendedAt <= (expiresAt ?? 0) + rescueMs;
}

function decideRest(run: Run): void {
  while (run.next < run.topic.length) decideBatch(run);
}

/** The next batch, or as much of it as there is before a request that wants a batch of its own. */
function decideBatch(run: Run): void {
  const { sale, worker, topic } = run;
  const { random } = sale;
  const batch = topic.slice(run.next, run.next + random.int(1, BATCH_REQUESTS_MAX));
  if (batch.length === 0) return;
  worker.prefetch(batch);
  const early = random.pick([-HOLD_MS, -1, 0, 0, 0, 3, HOLD_MS]);
  const now = Math.max(0, sale.appendedAt + early);
  for (const [index, request] of batch.entries()) {
    if (index > 0 && needsBatchOfItsOwn(request)) break;
    decideNext(run, request, now);
  }
  worker.commit();
  evict(run);
  if (run.next === topic.length) {
    sweepOpened(run);
    if (run.next === topic.length) checkEnded(run);
  }
}

function decideNext(run: Run, request: Request, now: number): void {
  const { sale, worker, topic, askedAt } = run;
  const { random, state } = sale;
  // Often so long that holds lapse in front of a step of a cancellation, and while nothing is for sale.
  const isPause = request.kind === "change-show" && request.changes.block !== undefined;
  const isLong = random.chance(isPause || needsBatchOfItsOwn(request) ? 0.6 : 0.01);
  sale.appendedAt += isLong ? random.int(20, 2 * HOLD_MS) : random.pick([0, 0, 1, 1, 5, 20]);
  const { appendedAt } = sale;
  const { showId } = findSubject(state, request);
  if (showId !== null) askedAt.set(showId, appendedAt);
  const moment = { place: { partition: 0, offset: run.next }, appendedAt, now };
  const decision = step(state, request, moment);
  const forgetful = worker.decide(request, moment);
  expect(JSON.stringify(forgetful), `${request.kind} at ${run.next}`).toBe(
    JSON.stringify(decision),
  );
  run.next += 1;
  checkOrder(request, decision);
  note(run, { request, moment, decision });
  const { followUp } = decision;
  if (followUp !== undefined) {
    topic.push(followUp);
    seen.followUps += 1;
    if (random.chance(0.2)) {
      run.again.push(followUp);
      seen.followUpsAgain += 1;
    }
  }
}

/** As long as not all who wait were asked, nobody else gets places. */
function checkOrder({ requestId }: Request, { writes, followUp }: Decision): void {
  if (followUp === undefined) return;
  for (const write of writes) {
    if (write.kind !== "booking" || !isLive(write.after)) continue;
    const { before } = write;
    const isBehind = before !== null && before.status !== "FAILED";
    expect(isBehind, `${requestId} goes before those who wait`).toBe(true);
  }
}

type Decided = { readonly request: Request; readonly moment: Moment; readonly decision: Decision };

function note(run: Run, { request, moment, decision }: Decided): void {
  const changes = decision.writes.filter((write) => write.kind === "booking");
  const served = changes.filter((it) => it.before?.status === "WAITING" && isLive(it.after));
  seen.served += served.length;
  if (isFollowUp(request)) seen.servedByNudge += served.length;
  seen.rescued += changes.filter((it) => it.before?.status === "FAILED").length;
  const { state } = run.sale;
  if (decision.followUp !== undefined) {
    if (request.kind === "book") {
      seen.newcomersBehindOthers += changes.filter(({ before }) => before === null).length;
    }
    const late = request.kind === "confirm" ? state.bookings.get(request.bookingId) : undefined;
    if (late !== undefined && mayBeRescued(late, state, moment.appendedAt)) {
      seen.rescuesBehindOthers += 1;
    }
  }
  if (request.kind !== "change-show" || !needsBatchOfItsOwn(request)) return;
  const { showId } = request;
  const [first] = changes;
  if (first === undefined) return;
  if ((first.before?.expiresAt ?? Infinity) <= moment.appendedAt) {
    seen.lapsedBeforeCancellationStep += 1;
  }
  if (changes.some(({ after }) => after.reason === "show-cancelled")) {
    run.cancelSteps.set(showId, (run.cancelSteps.get(showId) ?? 0) + 1);
  }
}

/** Now and then a show has to go, or all of them: a new owner begins with nothing. */
function evict({ sale: { random }, worker, topic, next }: Run): void {
  if (!random.chance(0.15)) return;
  const isRestart = random.chance(0.3);
  const left = topic.slice(next).filter(isFollowUp);
  for (const id of worker.showIds) {
    if (!isRestart && random.chance(0.5)) continue;
    worker.evict(id);
    seen.evictedShows += 1;
    if (left.some((request) => readIds(request).showId === id)) seen.evictedInBetween += 1;
  }
}

/** Nothing is left in the line: all who wait were asked, and all that a cancelled show had has ended. */
function checkEnded({ sale, worker }: Run): void {
  for (const [id, show] of sale.state.shows) {
    const isLeft = show.waiting.size > 0 && isServing(show, sale);
    expect(isLeft, `nobody is left who waits in ${id}`).toBe(false);
  }
  for (const booking of worker.stored.bookings.values()) {
    if (worker.stored.facts.get(booking.showId)?.sale !== "cancelled") continue;
    expect(endsWithShow(booking), `${booking.id} has ended with its show`).toBe(false);
  }
}

/** What the sweep does: a show that has opened is asked for, if somebody waits and nobody else has asked. */
function sweepOpened({ sale, topic, askedAt }: Run): void {
  for (const [id, { facts, waiting }] of sale.state.shows) {
    const { opensAt } = facts;
    if (opensAt === null || opensAt > sale.appendedAt || waiting.size === 0) continue;
    if ((askedAt.get(id) ?? 0) >= opensAt) continue;
    topic.push(buildNudge(id));
    seen.openedUnasked += 1;
  }
}

function noteEnd({ worker, cancelSteps }: Run): void {
  seen.loadedAgain += worker.loadedAgain;
  for (const { id, sale } of worker.stored.facts.values()) {
    if (sale !== "cancelled") continue;
    seen.showsCancelled += 1;
    if ((cancelSteps.get(id) ?? 0) > 1) seen.showsCancelledInSteps += 1;
  }
}

/** As texts: also the members of what is stored must stand in one order. */
function listByPlace(bookings: ReadonlyMap<string, Booking>): string[] {
  return [...bookings.values()]
    .sort((a, b) => a.place.offset - b.place.offset)
    .map((booking) => JSON.stringify(booking));
}

describe(`a worker that forgets (seed ${seed})`, { timeout: 120_000 }, () => {
  const seeds = Array.from({ length: SALES }, (_, index) => seed + index);
  it.each(seeds)("decides as a replay that knows everything: sale %i", (saleSeed) => {
    const { sale, worker } = runSale(saleSeed);
    const { bookings, shows } = sale.state;
    expect(listByPlace(worker.stored.bookings)).toEqual(listByPlace(bookings));
    expect([...worker.stored.facts.values()]).toEqual([...shows.values()].map((it) => it.facts));
    expect(worker.known.filter((booking) => !isUnsettled(booking))).toEqual([]);
  });

  it("and all that matters came up", () => {
    console.log(`a worker that forgets, seed ${seed}:`, seen);
    for (const [what, times] of Object.entries(seen)) {
      expect({ what, times }).not.toMatchObject({ times: 0 });
    }
  });
});
