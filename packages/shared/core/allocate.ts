/**
 * Chooses places for a booking's wants, tried in order: the first that fits is taken, whole.
 * Reads the show and changes nothing.
 */
import { assert } from "./assert.ts";
import { sectionOfSeat } from "./seats/layout.ts";
import type { Section } from "./seats/layout.ts";
import { wantedPlaces } from "./model.ts";
import type {
  Allocation,
  Places,
  RefusalFacts,
  RefusalReason,
  StandingPlaces,
  Want,
  WantFilter,
} from "./model.ts";
import type { OpenSeats } from "./seats/open-seats.ts";
import { unknownFacts } from "./outcome.ts";
import { NO_USAGE, countersOf, freeStanding } from "./show.ts";
import type { Show } from "./show.ts";
import { chooseTogether } from "./seats/together.ts";
import type { Group } from "./seats/together.ts";

type Shortage = { readonly reason: RefusalReason; readonly facts: RefusalFacts };

/**
 * Why nothing fits. `isOwn`: what this customer has already stood in the way of at least one want, which
 * another customer might be given.
 */
type NoPlaces = Shortage & { readonly isOwn: boolean };

/** The wants, by their index, for which there is nothing, so that nobody need look. */
export type Vain = { has(want: number): boolean; add(want: number): void };

type Ask = {
  readonly wants: readonly Want[];
  readonly customer: string | null;
  /** Whether it asks for a hold, not for confirmed places. */
  readonly isHold: boolean;
  /** Whether blocked seats may be taken, by their numbers. */
  readonly byStaff: boolean;
  /** What is found to be in vain is added to it. */
  readonly vain: Vain;
};

/** The seats and sections among the wants that a layout does not have; null if it has them all. */
export function findUnknown(
  { plan, sectionByName }: Pick<Show, "plan" | "sectionByName">,
  wants: readonly Want[],
): Pick<RefusalFacts, "seats" | "sections"> | null {
  const seats = wants
    .flatMap((want) => ("seats" in want ? want.seats : []))
    .filter((seat) => seat > plan.seats);
  const sections = wants
    .flatMap((want) => want.sections ?? [])
    .filter((name) => !sectionByName.has(name));
  return unknownFacts(seats, sections);
}

/** Places for the first want that fits, or why the last one tried does not. */
export function allocate(show: Show, ask: Ask): Allocation | NoPlaces {
  const limit = findCustomerLimit(show, ask);
  let shortage: Shortage | undefined;
  let isOwn = false;
  for (const [index, want] of ask.wants.entries()) {
    const places = wantedPlaces(want);
    if (limit !== null && places > limit.left) {
      isOwn ||= places <= limit.max;
      continue;
    }
    const found = ask.vain.has(index)
      ? buildNothingFree(show, want)
      : allocateWant(show, want, ask.byStaff);
    if (!("reason" in found)) return { want: index, ...found };
    ask.vain.add(index);
    shortage = found;
  }
  const told = shortage ?? limit;
  assert(told !== null, "a booking wants at least one thing");
  return { reason: told.reason, facts: told.facts, isOwn };
}

/** `left`: how many more places a customer may have; `max`: how many anybody may. */
type CustomerLimit = Shortage & { readonly left: number; readonly max: number };

/** How many more places the customer may have, and what to say to who wants more; null for no limit. */
export function findCustomerLimit(
  show: Show,
  { customer, isHold }: Pick<Ask, "customer" | "isHold">,
): CustomerLimit | null {
  const { seatsPerCustomerMax: seatsMax, holdsPerCustomerMax: holdsMax } = show.facts.rules;
  if (seatsMax === null && holdsMax === null) return null;
  const reason = "customer-limit-reached" as const;
  // Whoever does not say who they are could be anybody, many times.
  const { places, holds } = customer === null ? NO_USAGE : (show.usage.get(customer) ?? NO_USAGE);
  if (isHold && holdsMax !== null && (customer === null || holds >= holdsMax)) {
    const facts = { limitOf: "holds-per-customer", limit: holdsMax, used: holds } as const;
    return { reason, facts, left: 0, max: seatsMax ?? Infinity };
  }
  if (seatsMax === null) return null;
  const facts = { limitOf: "seats-per-customer", limit: seatsMax, used: places } as const;
  return { reason, facts, left: customer === null ? 0 : seatsMax - places, max: seatsMax };
}

/** In the words in which a want would hear that nothing is free for it. */
function buildNothingFree(show: Show, want: Want): Shortage {
  if ("seats" in want) return { reason: "seats-taken", facts: { seats: want.seats } };
  const reason = "together" in want ? "not-enough-together" : "not-enough-seats";
  const { held } = measure(poolOf(show, want), findSections(show, want));
  return { reason, facts: { free: 0, held } };
}

function allocateWant(show: Show, want: Want, byStaff: boolean): Places | Shortage {
  if ("seats" in want) return allocateSeats(show, want, byStaff);
  const pool = poolOf(show, want);
  const sections = findSections(show, want);
  if ("count" in want) {
    const facts = measure(pool, sections, want.count);
    if (facts.free < want.count) return { reason: "not-enough-seats", facts };
    return takeFirst(pool, sections, want.count);
  }
  const groups = chooseTogether({
    open: pool.open,
    plan: show.plan,
    sections,
    groups: want.together,
    freeStanding: (section) => standingOf(pool, section),
  });
  if (groups !== null) return mergePlaces(groups);
  return { reason: "not-enough-together", facts: measure(pool, sections) };
}

/** Of which places of a show a want is given some. */
type Pool = { readonly show: Show; readonly open: OpenSeats; readonly isAccessible: boolean };

function poolOf(show: Show, { accessible }: WantFilter): Pool {
  const isAccessible = accessible === true;
  return { show, open: isAccessible ? show.openAccessible : show.openGeneral, isAccessible };
}

function standingOf({ show, isAccessible }: Pool, section: number): number {
  return isAccessible ? 0 : freeStanding(show, section);
}

/** The sections that a want may take, ascending. */
function findSections(show: Show, { sections, priceMax }: WantFilter): readonly number[] {
  if (sections === undefined && priceMax === undefined) return show.allSections;
  const named =
    sections === undefined
      ? show.allSections
      : [...new Set(sections.flatMap((name) => show.sectionByName.get(name) ?? []))];
  const { sections: shapes } = show.facts.layout;
  const found: number[] = [];
  for (const section of named) {
    if (priceMax === undefined || (shapes[section]?.price ?? 0) <= priceMax) found.push(section);
  }
  return sections === undefined ? found : found.sort((a, b) => a - b);
}

/** What is free in the sections, and held; `enough` free places need not be counted beyond. */
function measure(pool: Pool, sections: readonly number[], enough = Infinity) {
  const { show, open, isAccessible } = pool;
  let [free, held] = [0, 0];
  for (const section of sections) {
    free += open.count(section) + standingOf(pool, section);
    if (free >= enough) break;
    const counters = countersOf(show, section);
    held += isAccessible ? counters.heldAccessible : counters.held - counters.heldAccessible;
  }
  return { free, held };
}

/** Whether a want may take places of a section, by its name and its price. */
export function suits({ name, price }: Section, { sections, priceMax }: WantFilter): boolean {
  const isNamed = sections === undefined || sections.includes(name);
  return isNamed && (priceMax === undefined || price <= priceMax);
}

function allocateSeats(
  show: Show,
  { seats, ...filter }: WantFilter & { readonly seats: readonly number[] },
  byStaff: boolean,
): Places | Shortage {
  const taken = seats.filter((seat) => !isOpen(show, seat, byStaff));
  if (taken.length > 0) return { reason: "seats-taken", facts: { seats: taken } };
  const { plan, facts } = show;
  const suiting = seats.filter((seat) => {
    const section = facts.layout.sections[sectionOfSeat(plan, seat)];
    if (section === undefined || !suits(section, filter)) return false;
    return filter.accessible !== true || show.accessible.has(seat);
  });
  if (suiting.length === seats.length) return { seats, standing: [] };
  return { reason: "not-enough-seats", facts: { free: suiting.length, held: 0 } };
}

function isOpen(show: Show, seat: number, byStaff: boolean): boolean {
  return !show.taken.has(seat) && (byStaff || !show.blocked.has(seat));
}

/** The first free places in the layout's order, section by section. */
function takeFirst(pool: Pool, sections: readonly number[], count: number): Places {
  const { show, open } = pool;
  const seats: number[] = [];
  const standing: StandingPlaces[] = [];
  let missing = count;
  for (const section of sections) {
    if (missing === 0) break;
    const places = Math.min(missing, standingOf(pool, section));
    if (places > 0) standing.push({ section, count: places });
    missing -= places;
    let left = Math.min(missing, open.count(section));
    missing -= left;
    let seat = left === 0 ? null : open.next(show.plan.sections[section]?.firstSeat ?? 1);
    for (; left > 0 && seat !== null; left--) {
      seats.push(seat);
      seat = open.next(seat + 1);
    }
    assert(left === 0, "the counters agree with the seats");
  }
  assert(missing === 0, "the counters agree with the sections");
  return { seats, standing };
}

/** The groups as one booking's places. */
function mergePlaces(groups: readonly Group[]): Places {
  const standing = new Map<number, number>();
  const seats: number[] = [];
  for (const group of groups) {
    if ("seats" in group) seats.push(...group.seats);
    else standing.set(group.section, (standing.get(group.section) ?? 0) + group.count);
  }
  return { seats, standing: [...standing].map(([section, count]) => ({ section, count })) };
}
