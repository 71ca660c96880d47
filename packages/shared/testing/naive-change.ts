/** What the rules say of a change of a show, and of the bookings that end with a show that is cancelled. */
import type { Moment } from "../core/decision.ts";
import type { Layout } from "../core/seats/layout.ts";
import type { Booking, RefusalFacts, ShowFacts } from "../core/model.ts";
import { encodeRanges } from "../core/seats/ranges.ts";
import type { ChangeShow, ShowChanges } from "../core/requests.ts";
import type { NaiveRefusal } from "./naive-places.ts";
import { dateOf, isSame, refused } from "./naive-question.ts";
import type { Expected, Question } from "./naive-question.ts";
import { countStanding, leftStanding, listSeats, ownsPlaces } from "./naive-show.ts";
import type { NaiveShow } from "./naive-show.ts";

export function expectChange({ request, moment, show, bookings }: Question<ChangeShow>): Expected {
  if (show === undefined) return refused("show-not-found");
  const { changes, showId } = request;
  const refusal = findRefusal(show, changes);
  if (refusal !== null) return refused(refusal.reason, null, refusal.facts);
  const after = changeFacts(show, changes);
  const ends = changes.sale === "cancelled" ? listEnding(showId, bookings) : [];
  return {
    outcome: { kind: "show", showId },
    facts: isSame(after, show.facts) ? null : after,
    bookings: ends.map((booking) => endWithShow(booking, moment)),
  };
}

function findRefusal(show: NaiveShow, changes: ShowChanges): NaiveRefusal | null {
  const unknown = findUnknown(show, changes);
  if (show.facts.sale === "cancelled") {
    // For good: only what is so already may be asked for again, and the archive.
    const after = unknown === null ? changeFacts(show, changes) : null;
    const isKept =
      after !== null && isSame({ ...after, archived: show.facts.archived }, show.facts);
    if (!isKept) return { reason: "show-cancelled", facts: null };
  }
  if (unknown !== null) return { reason: "seat-unknown", facts: unknown };
  const { sections: known } = show.facts.layout;
  for (const { name, standing } of changes.sections ?? []) {
    const section = known.findIndex((its) => its.name === name);
    if (standing === undefined || standing >= countStanding(show, section)) continue;
    const facts = {
      free: leftStanding(show, section),
      held: countStanding(show, section, "PENDING"),
    };
    return { reason: "not-enough-seats", facts };
  }
  return null;
}

/** The sections and seats that a change names and the show does not have. */
function findUnknown(show: NaiveShow, changes: ShowChanges): RefusalFacts | null {
  const { sections: known } = show.facts.layout;
  const { block = "", unblock = "", sections = [] } = changes;
  const fits = ({ name, standing }: (typeof sections)[number]) =>
    known.some((its) => its.name === name && (standing === undefined || its.kind === "standing"));
  const names = sections.filter((section) => !fits(section)).map(({ name }) => name);
  const seats = [block, unblock]
    .map((ranges) => listSeats(ranges).at(-1) ?? 0)
    .filter((last) => last >= show.seats.length);
  if (names.length === 0 && seats.length === 0) return null;
  return {
    ...(names.length > 0 ? { sections: names } : {}),
    ...(seats.length > 0 ? { seats } : {}),
  };
}

function changeFacts({ facts }: NaiveShow, changes: ShowChanges): ShowFacts {
  const { block = "", unblock = "", sections = [], ...plain } = changes;
  const { layout } = facts;
  const blocked = new Set([...listSeats(layout.blocked), ...listSeats(block)]);
  for (const seat of listSeats(unblock)) blocked.delete(seat);
  const changed: Layout = {
    ...layout,
    sections: layout.sections.map((section) => {
      const { price = section.price, standing } =
        sections.findLast(({ name }) => name === section.name) ?? {};
      if (section.kind !== "standing" || standing === undefined) return { ...section, price };
      return { ...section, price, capacity: standing };
    }),
    blocked: encodeRanges([...blocked].sort((a, b) => a - b)),
  };
  return { ...facts, ...plain, layout: changed };
}

/** Whoever has places or waits for some, in the order of their places in the line. */
function listEnding(showId: string, bookings: ReadonlyMap<string, Booking>): Booking[] {
  return [...bookings.values()]
    .filter((booking) => booking.showId === showId && endsWithShow(booking))
    .sort((a, b) => a.place.offset - b.place.offset);
}

export function endsWithShow(booking: Booking): boolean {
  return ownsPlaces(booking) || booking.status === "WAITING";
}

export function endWithShow(booking: Booking, moment: Moment): Booking {
  const over = { facts: null, expiresAt: null, holdLimit: null } as const;
  return {
    ...booking,
    ...over,
    status: "CANCELLED",
    reason: "show-cancelled",
    updatedAt: dateOf(moment),
  };
}
