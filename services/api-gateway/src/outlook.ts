/**
 * Will any be left? What a queued booking may expect, judged from what is free now and from what is asked
 * for ahead of it. Pure; the rule is told in docs/outlook.md, and tested against what really happened.
 */
import { sectionOfSeat } from "@seatline/shared/core/seats/layout.ts";
import { wantedPlaces } from "@seatline/shared/core/model.ts";
import type { Want, WantFilter } from "@seatline/shared/core/model.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import { guideOf } from "./layouts.ts";
import { filterOf } from "./line-ahead.ts";
import type { Ahead } from "./line-ahead.ts";
import type { SeatMap } from "./seat-map.ts";

export const VERDICTS = ["likely", "uncertain", "unlikely"] as const;
export type Verdict = (typeof VERDICTS)[number];

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
export function buildOutlook(
  { show, seats }: { readonly show: ShowRow; readonly seats: SeatMap | null },
  wants: readonly Want[],
  ahead: Ahead,
): Outlook {
  const verdicts = wants.map((want) => judge({ show, seats, ahead }, want));
  return {
    free: show.free,
    wantedAhead: ahead.wanted,
    verdict: VERDICTS.find((verdict) => verdicts.includes(verdict)) ?? "uncertain",
  };
}

type Scene = { readonly show: ShowRow; readonly seats: SeatMap | null; readonly ahead: Ahead };

function judge(scene: Scene, want: Want): Verdict {
  if ("seats" in want) return judgeSeats(scene, want.seats);
  const { free, taken } = weigh(scene, want);
  if (free === null) return "uncertain";
  const asked = wantedPlaces(want);
  const reserve = "together" in want ? Math.max(...want.together) * GROUP_RESERVE : 0;
  // How much of what is asked for elsewhere ends up within a filter can only be guessed.
  const guess = filterOf(want) === "" ? 0 : taken * GUESSED_SHARE;
  if (asked + reserve + taken + guess <= free) return "likely";
  return asked + taken * (1 - REFUSED_SHARE) > free ? "unlikely" : "uncertain";
}

/** What is free within a want's filter, and how much of that is asked for ahead. */
function weigh({ show, seats, ahead }: Scene, want: Want) {
  const all = sum(ahead.anywhere.values()) + ahead.named;
  if (filterOf(want) === "") return { free: show.free, taken: all };
  if (seats === null) return { free: null, taken: all };
  const { layout } = guideOf(show.layout);
  const isAllowed = layout.sections.map(({ name, price }) => suits({ name, price }, want));
  const free = sum(seats.sections.map((section, index) => (isAllowed[index] ? section.free : 0)));
  // Wants without a filter take the first sections first: these are reached by what is left of them.
  const first = isAllowed.indexOf(true);
  const before = sum(seats.sections.slice(0, Math.max(0, first)).map((section) => section.free));
  let taken = Math.max(0, (ahead.anywhere.get("") ?? 0) + ahead.named - before);
  for (const [filter, places] of ahead.anywhere) {
    if (filter !== "" && overlaps(filter, layout.sections, isAllowed)) taken += places;
  }
  return { free, taken };
}

/** Seats by their numbers: who comes first has them, and counts take the lowest first. */
function judgeSeats({ show, seats, ahead }: Scene, wanted: readonly number[]): Verdict {
  if (seats === null) return "uncertain";
  const { plan, blocked } = guideOf(show.layout);
  if (wanted.some((seat) => seat > plan.seats || seats.isTaken(seat) || blocked.has(seat))) {
    return "unlikely";
  }
  const namedBy = ahead.namedBy(wanted);
  if (namedBy === "winner") return "unlikely";
  const lowest = Math.min(...wanted);
  const before = seats.countFreeBefore(lowest);
  const sections = show.layout.sections;
  const section = sections[sectionOfSeat(plan, lowest)];
  let reaching = ahead.anywhere.get("") ?? 0;
  for (const [filter, places] of ahead.anywhere) {
    const isAllowed = sections.map((it) => it === section);
    if (filter !== "" && overlaps(filter, sections, isAllowed)) reaching += places;
  }
  if (reaching <= before * (1 - REFUSED_SHARE)) {
    return namedBy === "nobody" ? "likely" : "uncertain";
  }
  return reaching * (1 - REFUSED_SHARE) > before + wanted.length * GROUP_RESERVE
    ? "unlikely"
    : "uncertain";
}

function suits(
  section: { name: string; price: number },
  { sections, priceMax }: WantFilter,
): boolean {
  const isNamed = sections === undefined || sections.includes(section.name);
  return isNamed && (priceMax === undefined || section.price <= priceMax);
}

/** Whether a filter, as `filterOf` writes it, allows one of these sections. */
function overlaps(
  filter: string,
  sections: readonly { name: string; price: number }[],
  isAllowed: readonly boolean[],
): boolean {
  const [names, priceMax] = JSON.parse(filter) as [string[] | null, number | null];
  const want = {
    ...(names === null ? {} : { sections: names }),
    ...(priceMax === null ? {} : { priceMax }),
  };
  return sections.some((section, index) => isAllowed[index] === true && suits(section, want));
}

function sum(figures: Iterable<number>): number {
  let total = 0;
  for (const figure of figures) total += figure;
  return total;
}
