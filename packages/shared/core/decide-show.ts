/** Decides what becomes of a show: created, changed, cancelled with everything that was booked in it. */
import { assert } from "./assert.ts";
import { CAPACITY_MAX, standingPlaces } from "./seats/layout.ts";
import type { Layout } from "./seats/layout.ts";
import { isLive } from "./model.ts";
import type { Decision, Moment, Write } from "./decision.ts";
import type { Booking, RefusalFacts, ShowFacts } from "./model.ts";
import { cancelled, refuse, unknownFacts } from "./outcome.ts";
import type { Refusal } from "./outcome.ts";
import { encodeRanges, parseRanges, seatsOf } from "./seats/ranges.ts";
import type { ChangeShow, CreateShow, SectionChange, ShowChanges } from "./requests.ts";
import { flagsOf } from "./seats/seat-flags.ts";
import { countersOf, freeStanding } from "./show.ts";
import type { LineState, Show } from "./show.ts";

export function decideCreateShow(state: LineState, request: CreateShow, moment: Moment): Decision {
  const outcome = { kind: "show", showId: request.showId } as const;
  const known = state.shows.get(request.showId);
  if (known !== undefined) {
    return known.facts.requestHash === request.requestHash
      ? { outcome, writes: [] }
      : refuse("key-reused", null);
  }
  const { showId: id, name, startsAt, layout, rules, opensAt, closesAt, requestHash } = request;
  const show: ShowFacts = {
    id,
    name,
    startsAt,
    layout,
    rules,
    opensAt,
    closesAt,
    requestHash,
    sale: "open",
    archived: false,
    place: moment.place,
    createdAt: moment.appendedAt,
  };
  return { outcome, writes: [{ kind: "show-created", show }] };
}

export function decideChangeShow(state: LineState, request: ChangeShow, moment: Moment): Decision {
  const show = state.shows.get(request.showId);
  if (show === undefined) return refuse("show-not-found", null);
  const { changes } = request;
  const refusal = findRefusal(show, changes);
  if (refusal !== null) return refuse(refusal.reason, null, refusal.facts);
  const outcome = { kind: "show", showId: request.showId } as const;
  const before = show.facts;
  const after = buildChanged(show, changes);
  const writes: Write[] = isSame(before, after) ? [] : [{ kind: "show-changed", before, after }];
  if (changes.sale !== "cancelled") return { outcome, writes };
  const ending = findEnding(state, request);
  for (const booking of ending) {
    writes.push({ kind: "booking", before: booking, after: cancelWithShow(booking, moment) });
  }
  const last = ending.at(-1);
  if (last === undefined || ending.length < state.bounds.cancels) return { outcome, writes };
  const followUp = {
    ...request,
    changes: { sale: "cancelled" },
    after: last.place.offset,
  } as const;
  return { outcome, writes, followUp };
}

function findRefusal(show: Show, changes: ShowChanges): Refusal | null {
  const { sections = [], block = "", unblock = "" } = changes;
  const unknown = findUnknown(show, { sections, seats: [block, unblock] });
  // For good: whoever was told so must not find their seats sold to somebody else.
  if (show.facts.sale === "cancelled" && (unknown !== null || changesMore(show, changes))) {
    return { reason: "show-cancelled", facts: null };
  }
  if (unknown !== null) return { reason: "seat-unknown", facts: unknown };
  const sizes = changeSections(show.facts.layout.sections, sections).map(standingPlaces);
  if (sizes.reduce((sum, places) => sum + places, show.plan.seats) > CAPACITY_MAX) {
    const facts = { limitOf: "places-per-show", limit: CAPACITY_MAX } as const;
    return { reason: "too-many-seats", facts };
  }
  for (const { name, standing } of sections) {
    const section = show.sectionByName.get(name) ?? -1;
    if (standing === undefined) continue;
    const { held, confirmed } = countersOf(show, section);
    if (standing < held + confirmed) {
      return { reason: "not-enough-seats", facts: { free: freeStanding(show, section), held } };
    }
  }
  return null;
}

/** Whether a change is about more than the show's place in the lists. */
function changesMore(show: Show, changes: ShowChanges): boolean {
  const { archived } = show.facts;
  return !isSame(show.facts, { ...buildChanged(show, changes), archived });
}

/** Sections and seats that the show does not have, and standing capacities of sections with seats. */
function findUnknown(
  { facts, plan, sectionByName }: Show,
  asked: { readonly sections: readonly SectionChange[]; readonly seats: readonly string[] },
): RefusalFacts | null {
  const sections = asked.sections
    .filter(({ name, standing }) => {
      const kind = facts.layout.sections[sectionByName.get(name) ?? -1]?.kind;
      return kind === undefined || (standing !== undefined && kind !== "standing");
    })
    .map(({ name }) => name);
  const seats = asked.seats
    .map((ranges) => parseRanges(ranges)?.at(-1)?.last ?? 0)
    .filter((last) => last > plan.seats);
  return unknownFacts(seats, sections);
}

function buildChanged({ facts, plan }: Show, changes: ShowChanges): ShowFacts {
  const { block = "", unblock = "", sections = [], ...plain } = changes;
  const isLayoutChanged = block !== "" || unblock !== "" || sections.length > 0;
  if (!isLayoutChanged) return { ...facts, ...plain };
  const blocked = flagsOf(facts.layout.blocked, plan.seats);
  for (const seat of seatsOf(block)) blocked.set(seat, true);
  for (const seat of seatsOf(unblock)) blocked.set(seat, false);
  const layout: Layout = {
    ...facts.layout,
    sections: changeSections(facts.layout.sections, sections),
    blocked: encodeRanges(blocked),
  };
  return { ...facts, ...plain, layout };
}

function changeSections(
  sections: Layout["sections"],
  changes: readonly SectionChange[],
): Layout["sections"] {
  const changeByName = new Map(changes.map((change) => [change.name, change]));
  return sections.map((section) => {
    const { price = section.price, standing } = changeByName.get(section.name) ?? {};
    return section.kind === "standing"
      ? { ...section, price, capacity: standing ?? section.capacity }
      : { ...section, price };
  });
}

function isSame(before: ShowFacts, after: ShowFacts): boolean {
  return JSON.stringify(before) === JSON.stringify(after);
}

/** The next bookings, in the order of their places, that end with their show: as many as one step may. */
function findEnding({ bookings, bounds }: LineState, { showId, after }: ChangeShow): Booking[] {
  const max = bounds.cancels;
  const next: Booking[] = [];
  // All that is known is looked through at every step: only a page of it is ever sorted.
  const keepLowest = () => {
    next.sort((a, b) => a.place.offset - b.place.offset);
    next.length = Math.min(next.length, max);
  };
  let end = Number.POSITIVE_INFINITY;
  for (const booking of bookings.values()) {
    const { offset } = booking.place;
    if (booking.showId !== showId || offset <= (after ?? -1) || offset > end) continue;
    if (!endsWithShow(booking)) continue;
    next.push(booking);
    if (next.length < 2 * max) continue;
    keepLowest();
    end = next.at(-1)?.place.offset ?? end;
  }
  keepLowest();
  return next;
}

/** Whether a cancelled show ends the booking. */
export function endsWithShow(booking: Booking): boolean {
  return isLive(booking) || booking.status === "WAITING";
}

export function cancelWithShow(booking: Booking, moment: Moment): Booking {
  assert(endsWithShow(booking), `booking ${booking.id} has something to give up`);
  return cancelled(booking, "show-cancelled", moment);
}
