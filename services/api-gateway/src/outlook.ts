/**
 * Will any be left? What a queued booking may expect, judged from what is free now and from what is asked
 * for ahead of it. The rule is told in docs/outlook.md, and tested against what really happened.
 */
import { VERDICTS } from "@seatline/shared/contract/http.ts";
import type { Verdict } from "@seatline/shared/contract/http.ts";
import { findUnknown, suits } from "@seatline/shared/core/allocate.ts";
import { sectionOfSeat } from "@seatline/shared/core/seats/layout.ts";
import type { Section } from "@seatline/shared/core/seats/layout.ts";
import { wantedPlaces } from "@seatline/shared/core/model.ts";
import type { Place, Want, WantFilter } from "@seatline/shared/core/model.ts";
import { findSaleRefusal } from "@seatline/shared/core/sale.ts";
import { countSeats } from "@seatline/shared/core/seats/ranges.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import { guideOf } from "./layouts.ts";
import type { Ahead, LineAhead, Sight, WaitingBook } from "./line-ahead.ts";
import type { Pool, SeatMap } from "./seat-map.ts";

export type Outlook = {
  /** Places of the show that are free now. */
  readonly free: number;
  /** Places asked for ahead in the line, of the same show. */
  readonly wantedAhead: number;
  readonly verdict: Verdict;
};

/** Of what is asked for ahead so much is refused after all, as a rule: repeated keys, limits, second thoughts. */
const REFUSED_SHARE = 0.12;
const GUESSED_SHARE = 0.6;
/** Groups need more room than they take: so many times their size should be left. */
const GROUP_RESERVE = 6;

/** `seats` is the show's map where it is at hand; without it, named and narrowed wants stay uncertain. */
type Scene = { readonly show: ShowRow; readonly seats: SeatMap | null };

/** What the booking at a place may expect, which wants these of the scene's show. */
export function buildOutlook(
  scene: Scene,
  wants: readonly Want[],
  { ahead, place }: { readonly ahead: LineAhead; readonly place: Place },
): Outlook {
  const { show } = scene;
  const found = ahead.look(place, show.id, sightOf(scene));
  const { seenAt, wanted: wantedAhead } = found;
  const verdicts: readonly Verdict[] = isRefused(show, { wants, seenAt })
    ? ["unlikely"]
    : wants.map((want) => judge({ ...scene, ahead: found }, want));
  const verdict = VERDICTS.find((it) => verdicts.includes(it)) ?? "uncertain";
  return { free: show.free, wantedAhead, verdict };
}

/** Who is certain to be refused takes nothing from those behind. */
function sightOf(scene: Scene): Sight {
  const { show, seats } = scene;
  return {
    choose: (request) =>
      isRefused(show, request) ? null : (request.wants.find((it) => !isVain(scene, it)) ?? null),
    poolOf: (seat) => (seats?.isOpenAccessible(seat) === true ? "accessible" : "general"),
  };
}

/** Whether a request is refused whatever is free: the core looks at no want of it then. */
function isRefused(
  show: ShowRow,
  { wants, seenAt }: Pick<WaitingBook, "wants" | "seenAt">,
): boolean {
  // When it was heard of, not now: who came too early is refused although the sale opened meanwhile, and
  // who came in time is served although it closed.
  if (findSaleRefusal(show, { appendedAt: seenAt }) !== null) return true;
  const { seatsPerBookingMax } = show.rules;
  if (wants.some((want) => wantedPlaces(want) > seatsPerBookingMax)) return true;
  return findUnknown(guideOf(show.layout), wants) !== null;
}

/** Whether a want cannot be met, whoever stands ahead. */
function isVain(scene: Scene, want: Want): boolean {
  const { show, seats } = scene;
  if (wantedPlaces(want) > (show.rules.seatsPerCustomerMax ?? Infinity)) return true;
  if ("count" in want) return false;
  if ("together" in want) return Math.max(...want.together) > findRoom(scene, want);
  const { plan, blocked } = guideOf(show.layout);
  return want.seats.some((seat) => {
    const section = show.layout.sections[sectionOfSeat(plan, seat)];
    if (section === undefined || !suits(section, want) || blocked.has(seat)) return true;
    if (seats === null) return false;
    return seats.isTaken(seat) || (want.accessible === true && !seats.isOpenAccessible(seat));
  });
}

/** No group within this filter can be larger: of the accessible seats as they are free now. */
function findRoom({ show, seats }: Scene, filter: WantFilter): number {
  const rooms = show.layout.sections.map((section, index) => {
    if (!suits(section, filter)) return 0;
    if (poolOf(filter) === "general" || seats === null) return rowMax(section);
    return seats.accessible[index]?.run ?? 0;
  });
  return rooms.reduce((a, b) => Math.max(a, b), 0);
}

/** How many places of a section at most lie side by side. */
function rowMax(section: Section): number {
  if (section.kind === "standing") return section.capacity;
  if (section.kind === "plain") return section.seats;
  const { seatsPerRow } = section;
  return typeof seatsPerRow === "number" ? seatsPerRow : Math.max(...seatsPerRow);
}

type Judged = Scene & { readonly ahead: Ahead };

function judge(scene: Judged, want: Want): Verdict {
  if (isVain(scene, want)) return "unlikely";
  if ("seats" in want) return judgeSeats(scene, want.seats);
  const { least, most, taken } = weigh(scene, want);
  const asked = wantedPlaces(want);
  const reserve = "together" in want ? Math.max(...want.together) * GROUP_RESERVE : 0;
  // How much of what is asked for elsewhere ends up within a filter can only be guessed.
  const guess = isNarrowed(want) ? taken * GUESSED_SHARE : 0;
  if (asked + reserve + taken + guess <= least) return "likely";
  return asked + taken * (1 - REFUSED_SHARE) > most ? "unlikely" : "uncertain";
}

/** What is free within a want's filter, at least and at most, and how much of that is asked for ahead. */
function weigh(scene: Judged, filter: WantFilter) {
  const { show, seats, ahead } = scene;
  const pool = poolOf(filter);
  const rivals = ahead.anywhere.filter((it) => poolOf(it.filter) === pool);
  if (!isNarrowed(filter)) {
    const taken = sum(rivals.map(({ places }) => places)) + ahead.named[pool];
    return { ...findFree(scene, pool), taken };
  }
  if (seats === null) return { least: 0, most: Infinity, taken: 0 };
  const { sections } = show.layout;
  const isAllowed = sections.map((section) => suits(section, filter));
  const open = seats.sections.map(({ free }, index) => {
    const accessible = seats.accessible[index]?.free ?? 0;
    return pool === "accessible" ? accessible : free - accessible;
  });
  const free = sum(open.filter((_, index) => isAllowed[index]));
  // Wants without a filter take the first sections first: these are reached by what is left of them.
  const before = sum(open.slice(0, Math.max(0, isAllowed.indexOf(true))));
  const anywhere = rivals.find((it) => !isNarrowed(it.filter))?.places ?? 0;
  let taken = Math.max(0, anywhere + ahead.named[pool] - before);
  for (const { filter: other, places } of rivals) {
    const meets = sections.some((section, index) => isAllowed[index] && suits(section, other));
    if (isNarrowed(other) && meets) taken += places;
  }
  return { least: free, most: free, taken };
}

/** What is free in a pool of the whole show: exactly, if the map is at hand. */
function findFree({ show, seats }: Scene, pool: Pool) {
  const { free, layout } = show;
  const accessible =
    seats === null ? countSeats(layout.accessible) : sum(seats.accessible.map((it) => it.free));
  const sure = seats === null ? 0 : accessible;
  return pool === "accessible"
    ? { least: sure, most: Math.min(free, accessible) }
    : { least: free - accessible, most: free - sure };
}

/** Seats by their numbers: who comes first has them, and counts take the lowest first. */
function judgeSeats(scene: Judged, wanted: readonly number[]): Verdict {
  const { seats, ahead } = scene;
  if (seats === null) return "uncertain";
  const namedBy = ahead.namedBy(wanted);
  if (namedBy === "winner") return "unlikely";
  const pools = Map.groupBy(wanted, (seat) =>
    seats.isOpenAccessible(seat) ? "accessible" : "general",
  );
  const verdicts = [...pools].map(([pool, its]) => judgeReach({ ...scene, seats }, its, pool));
  // All of them or none: the worst of the verdicts.
  const verdict = VERDICTS.findLast((it) => verdicts.includes(it)) ?? "uncertain";
  return verdict === "likely" && namedBy === "loser" ? "uncertain" : verdict;
}

/** Whether the counts ahead reach named seats, all of one pool. */
function judgeReach(
  { show, seats, ahead }: Judged & { readonly seats: SeatMap },
  wanted: readonly number[],
  pool: Pool,
): Verdict {
  const lowest = Math.min(...wanted);
  const before = seats.countFreeBefore(lowest, pool);
  const section = show.layout.sections[sectionOfSeat(guideOf(show.layout).plan, lowest)];
  const rivals = ahead.anywhere.filter(
    ({ filter }) => poolOf(filter) === pool && section !== undefined && suits(section, filter),
  );
  const reaching = sum(rivals.map(({ places }) => places));
  if (reaching <= before * (1 - REFUSED_SHARE)) return "likely";
  return reaching * (1 - REFUSED_SHARE) > before + wanted.length * GROUP_RESERVE
    ? "unlikely"
    : "uncertain";
}

/** From which places a want that names no seats is given its own. */
function poolOf({ accessible }: WantFilter): Pool {
  return accessible === true ? "accessible" : "general";
}

function isNarrowed({ sections, priceMax }: WantFilter): boolean {
  return sections !== undefined || priceMax !== undefined;
}

function sum(figures: Iterable<number>): number {
  let total = 0;
  for (const figure of figures) total += figure;
  return total;
}
