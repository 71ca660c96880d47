/**
 * What must be true after a sale of single seats, however many were killed meanwhile. Pure: takes
 * what clients were told and what the system says of itself, and finds every contradiction. What
 * could not be looked at is no success.
 */
import type { Finding } from "@seatline/proof/finding.ts";

import { parsePlace } from "./answers.ts";
import type { BookingSeen, Counters, SeatMapSeen } from "./answers.ts";

/** A request that was accepted, and what its client was told. */
export type Told = {
  readonly id: string;
  readonly customer: string;
  readonly place: string | null;
  /** More than once means that an earlier copy may stand before the place that was told. */
  readonly sends: number;
  readonly outcome: BookingSeen | null;
  /** Why there is no outcome. */
  readonly lack: string | null;
};
/** A key that was sent again: the booking of the first time, and what the answer was now. */
export type Repeat = { readonly first: BookingSeen; readonly again: BookingSeen | null };
/** Another body under a used key, and the reason it was answered with. */
export type Reuse = { readonly id: string; readonly reason: string };

export type Facts = {
  readonly capacity: number;
  readonly told: readonly Told[];
  /** Customers whose request was never accepted: nobody knows what became of it. */
  readonly unaccepted: readonly string[];
  /** What turned requests away for good, where nothing should have. */
  readonly turnedAway: readonly string[];
  readonly listed: readonly BookingSeen[];
  readonly counters: Counters;
  readonly seatMap: SeatMapSeen;
  readonly repeats: readonly Repeat[];
  readonly reuses: readonly Reuse[];
};

export type Part<T> = { readonly known: T } | { readonly missing: string };
export type Evidence = { readonly [Name in keyof Facts]: Part<Facts[Name]> };
type Check = (evidence: Evidence) => Finding;

export const SALE_CHECKS: readonly Check[] = [
  check("every booking was accepted in the end", ["unaccepted", "turnedAway"], findUnaccepted),
  check("every accepted request has exactly one outcome", ["told", "listed"], findOutcomeFaults),
  check(
    "nothing was decided that nobody asked for",
    ["told", "unaccepted", "listed"],
    findStrangers,
  ),
  check(
    "clients and the listing agree, booking for booking",
    ["told", "listed"],
    findDisagreements,
  ),
  check("sold = min(capacity, demand)", ["capacity", "listed"], findWrongSales),
  check("no seat twice", ["capacity", "told", "listed"], findSeatFaults),
  check("the lowest places won, in their order", ["told", "listed"], findOrderFaults),
  check("who got nothing was told not-enough-seats", ["listed"], findReasonFaults),
  check(
    "free + held + confirmed = capacity",
    ["capacity", "counters", "listed"],
    findCounterFaults,
  ),
  check("the seat map agrees", ["capacity", "seatMap", "listed"], findSeatMapFaults),
  check("the same key again gives the same booking", ["repeats"], findRepeatFaults),
  check("another body under a used key is key-reused", ["reuses"], findReuseFaults),
];

export function checkSale(evidence: Evidence): Finding[] {
  return SALE_CHECKS.map((check) => check(evidence));
}

function check<Name extends keyof Facts>(
  name: string,
  needs: readonly Name[],
  find: (facts: Pick<Facts, Name>) => readonly string[],
): Check {
  return (evidence) => {
    const missing = needs.flatMap((need) => {
      const part: Part<unknown> = evidence[need];
      return "missing" in part ? [part.missing] : [];
    });
    if (missing.length > 0) return { name, verdict: "not-checked", details: missing };
    const facts = Object.fromEntries(
      needs.map((need) => {
        const part: Part<unknown> = evidence[need];
        return [need, "known" in part ? part.known : undefined];
      }),
    ) as Pick<Facts, Name>;
    const details = find(facts);
    return { name, verdict: details.length === 0 ? "ok" : "violated", details };
  };
}

function findUnaccepted({ unaccepted, turnedAway }: Pick<Facts, "unaccepted" | "turnedAway">) {
  return [...unaccepted.map((customer) => `${customer} was never accepted`), ...turnedAway];
}

function findOutcomeFaults({ told, listed }: Pick<Facts, "told" | "listed">): string[] {
  const listings = countBy(listed.map(({ id }) => id));
  const owners = countBy(told.map(({ id }) => id));
  return told.flatMap(({ id, customer, outcome, lack }) => {
    const faults: string[] = [];
    if (outcome === null) faults.push(`${customer} (${id}) has no outcome: ${lack ?? "unknown"}`);
    if (outcome !== null && outcome.id !== id) faults.push(`${id} was answered with ${outcome.id}`);
    const times = listings.get(id) ?? 0;
    if (times !== 1) faults.push(`${id} stands ${times} times in the listing`);
    const shared = owners.get(id) ?? 0;
    if (shared !== 1) faults.push(`${id} was given to ${shared} requests`);
    return faults;
  });
}

/** What was sent without ever being acked may have been decided; everything else has an asker. */
function findStrangers(facts: Pick<Facts, "told" | "unaccepted" | "listed">): string[] {
  const accepted = new Set(facts.told.map(({ id }) => id));
  const unknown = new Set(facts.unaccepted);
  return facts.listed
    .filter(({ id, customer }) => !accepted.has(id) && !unknown.has(customer ?? ""))
    .map(({ id, customer }) => `${id} of ${customer ?? "nobody"} was never accepted`);
}

function findDisagreements({ told, listed }: Pick<Facts, "told" | "listed">): string[] {
  const listedById = new Map(listed.map((booking) => [booking.id, booking]));
  return told.flatMap(({ id, customer, outcome }) => {
    const now = listedById.get(id);
    if (outcome === null) return [`${id} was told nothing`];
    if (now === undefined) return [`${id} is not listed`];
    if (now.customer !== customer) return [`${id} of ${customer} is listed as ${now.customer}`];
    const [said, stands] = [encode(outcome), encode(now)];
    return said === stands ? [] : [`${id} was told ${said}, listed is ${stands}`];
  });
}

function findWrongSales({ capacity, listed }: Pick<Facts, "capacity" | "listed">): string[] {
  const sold = listed.filter(isLive).reduce((sum, { seats }) => sum + seats.length, 0);
  const due = Math.min(capacity, listed.length);
  const sizes = listed
    .filter((booking) => isLive(booking) && booking.seats.length !== 1)
    .map(({ id, seats }) => `${id} asked for 1 seat and got ${seats.length}`);
  return sold === due
    ? sizes
    : [`${sold} sold, ${due} due (${capacity} seats, ${listed.length} asked)`, ...sizes];
}

function findSeatFaults({ capacity, told, listed }: Pick<Facts, "capacity" | "told" | "listed">) {
  const outcomes = told.map(({ outcome }) => outcome).filter((outcome) => outcome !== null);
  return [
    ...findDoubles(listed, capacity).map((fault) => `listed: ${fault}`),
    ...findDoubles(outcomes, capacity).map((fault) => `told to clients: ${fault}`),
  ];
}

function findDoubles(bookings: readonly BookingSeen[], capacity: number): string[] {
  const ownerBySeat = new Map<number, string>();
  const faults: string[] = [];
  for (const { id, seats } of bookings.filter(isLive)) {
    for (const seat of seats) {
      const owner = ownerBySeat.get(seat);
      if (owner !== undefined) faults.push(`seat ${seat} belongs to ${owner} and to ${id}`);
      if (seat < 1 || seat > capacity) faults.push(`there is no seat ${seat}, which ${id} has`);
      ownerBySeat.set(seat, id);
    }
  }
  return faults;
}

function findOrderFaults({ told, listed }: Pick<Facts, "told" | "listed">): string[] {
  const placed = listed.map((booking) => ({ ...booking, at: parsePlace(booking.place) }));
  const first = placed[0]?.at?.partition;
  const faults = placed
    .filter(({ at }) => at === null || at.partition !== first)
    .map(({ id, place }) => `${id} stands at ${place}, outside the line of its show`);
  const inOrder = placed.toSorted((a, b) => (a.at?.offset ?? 0) - (b.at?.offset ?? 0));
  let loser: BookingSeen | null = null;
  let last: BookingSeen | null = null;
  for (const booking of inOrder) {
    if (last !== null && last.place === booking.place) {
      faults.push(`${last.id} and ${booking.id} both stand at ${booking.place}`);
    }
    if (!isLive(booking)) loser ??= booking;
    else if (loser !== null) {
      faults.push(`${booking.id} at ${booking.place} won, ${loser.id} at ${loser.place} did not`);
    }
    last = booking;
  }
  return [...faults, ...findSeatDescents(inOrder), ...findMovedPlaces(told)];
}

function findSeatDescents(inOrder: readonly BookingSeen[]): string[] {
  const winners = inOrder.filter(isLive);
  return winners.slice(1).flatMap((booking, index) => {
    const before = winners[index];
    if (before === undefined || (booking.seats[0] ?? 0) > (before.seats[0] ?? 0)) return [];
    return [
      `seat ${before.seats[0]} went to ${before.place}, the lower seat ${booking.seats[0]} to the later ${booking.place}`,
    ];
  });
}

/** A request is decided at the place it was told; one sent twice perhaps at an earlier copy's. */
function findMovedPlaces(told: readonly Told[]): string[] {
  return told.flatMap(({ id, place, sends, outcome }) => {
    if (outcome === null) return [];
    if (place === null) return [`${id} was accepted without a place`];
    const [said, decided] = [parsePlace(place), parsePlace(outcome.place)];
    const isSame = said?.partition === decided?.partition && said?.offset === decided?.offset;
    const isEarlier = said !== null && decided !== null && decided.offset < said.offset;
    return isSame || (sends > 1 && isEarlier && said.partition === decided.partition)
      ? []
      : [`${id} was told place ${place} and decided at ${outcome.place}`];
  });
}

function findReasonFaults({ listed }: Pick<Facts, "listed">): string[] {
  return listed
    .filter((booking) => !isLive(booking) && booking.reason !== "not-enough-seats")
    .map(({ id, status, reason }) => `${id} is ${status}, ${reason ?? "without a reason"}`);
}

function findCounterFaults(facts: Pick<Facts, "capacity" | "counters" | "listed">): string[] {
  const { capacity, counters } = facts;
  const { free, held, confirmed } = counters;
  const due = {
    capacity,
    held: seatsOf(facts.listed, "PENDING").length,
    confirmed: seatsOf(facts.listed, "CONFIRMED").length,
  };
  const faults: string[] = [];
  if (free + held + confirmed !== capacity) {
    faults.push(`${free} free + ${held} held + ${confirmed} confirmed is not ${capacity}`);
  }
  for (const name of ["capacity", "held", "confirmed"] as const) {
    if (counters[name] !== due[name]) {
      faults.push(`${name} is ${counters[name]}, by the bookings ${due[name]}`);
    }
  }
  return faults;
}

function findSeatMapFaults(facts: Pick<Facts, "capacity" | "seatMap" | "listed">): string[] {
  const { capacity, seatMap, listed } = facts;
  const faults = [
    ...compareSeats("held", seatMap.held, seatsOf(listed, "PENDING")),
    ...compareSeats("confirmed", seatMap.confirmed, seatsOf(listed, "CONFIRMED")),
  ];
  if (seatMap.capacity !== capacity) faults.push(`the map has ${seatMap.capacity} seats`);
  return faults;
}

function compareSeats(name: string, shown: readonly number[], due: readonly number[]): string[] {
  const [shownSet, dueSet] = [new Set(shown), new Set(due)];
  return [
    ...shown
      .filter((seat) => !dueSet.has(seat))
      .map((seat) => `seat ${seat} is shown as ${name}, but is not`),
    ...due
      .filter((seat) => !shownSet.has(seat))
      .map((seat) => `seat ${seat} is ${name}, but not shown so`),
  ];
}

function findRepeatFaults({ repeats }: Pick<Facts, "repeats">): string[] {
  return repeats.flatMap(({ first, again }) => {
    if (again === null) return [`${first.id} was not answered again`];
    const [then, now] = [`${first.id} ${encode(first)}`, `${again.id} ${encode(again)}`];
    return then === now ? [] : [`first ${then}, then ${now}`];
  });
}

function findReuseFaults({ reuses }: Pick<Facts, "reuses">): string[] {
  return reuses
    .filter(({ reason }) => reason !== "key-reused")
    .map(({ id, reason }) => `another body under the key of ${id} was answered ${reason}`);
}

export function isLive({ status }: BookingSeen): boolean {
  return status === "PENDING" || status === "CONFIRMED";
}

function seatsOf(bookings: readonly BookingSeen[], status: string): number[] {
  return bookings.filter((booking) => booking.status === status).flatMap(({ seats }) => seats);
}

function encode({ status, reason, seats, place }: BookingSeen): string {
  return `${status}${reason === null ? "" : ` (${reason})`} seats [${seats.join(", ")}] at ${place}`;
}

function countBy(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}
