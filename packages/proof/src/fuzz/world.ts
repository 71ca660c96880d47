/**
 * What exists in the system that is fuzzed, as far as its answers tell: shows, bookings, tags, cursors. And
 * what no schema can say of a body: which members exclude each other, and that ids are those of something.
 */
import { parseKnown } from "./known.ts";
import type { ShowSeen } from "./known.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import type { Operation } from "./api.ts";
import type { Way } from "./schema.ts";

type BookingSeen = { readonly id: string; readonly place: string | null };
type Members = Record<string, unknown>;

/** Few, and always the youngest: an old show's decision log is long, and its seats are gone. */
const SHOWS_MAX = 40;
const BOOKINGS_MAX = 400;
const TAGS_MAX = 100;
const KEYS_MAX = 50;
const WANT_MEMBERS = ["count", "seats", "together", "wants"];
const WANT_FILTERS = ["sections", "priceMax", "accessible"];
const UNKNOWN_SHOW: ShowSeen = {
  id: "01990000-0000-7000-8000-000000000000",
  number: 2_000_000_000,
  capacity: 10,
};

export class World {
  readonly #shows: ShowSeen[] = [];
  readonly #bookings: BookingSeen[] = [];
  /** By the target that was answered with it. */
  readonly #tags: (readonly [target: string, tag: string])[] = [];
  readonly #keys: string[] = [];
  #sections: readonly string[] = ["Stalls"];

  show(random: Random): ShowSeen {
    return this.#shows.length === 0 ? UNKNOWN_SHOW : random.pick(this.#shows);
  }

  booking(random: Random): BookingSeen {
    return this.#bookings.length === 0
      ? { id: UNKNOWN_SHOW.id, place: null }
      : random.pick(this.#bookings);
  }

  /** The tag that the target was last answered with, if that is known, or any other. */
  tag(random: Random, target: string): string {
    const [, tag] = this.#tags.findLast(([known]) => known === target) ?? [];
    if (tag !== undefined && random.chance(0.7)) return tag;
    return this.#tags.length === 0 ? '"1"' : random.pick(this.#tags)[1];
  }

  /** A key that was used before, or a new one. */
  key(random: Random): string {
    if (this.#keys.length > 0 && random.chance(0.3)) return random.pick(this.#keys);
    const hex = () => random.int(0, 0xffff_ffff).toString(16).padStart(8, "0");
    const key = `${hex()}-${hex()}-${hex()}-${hex()}`;
    keep(this.#keys, key, KEYS_MAX);
    return key;
  }

  /** Notes what an answer tells of. */
  learn(
    { operation, target }: { operation: Operation; target: string },
    json: unknown,
    etag: string | undefined,
  ): void {
    if (etag !== undefined) keep(this.#tags, [target, etag] as const, TAGS_MAX);
    const { show, booking, sections } = parseKnown(json);
    if (sections !== null) this.#sections = sections;
    const isCreated = operation.method === "POST" && show !== null;
    if (isCreated) keep(this.#shows, show, SHOWS_MAX);
    if (booking !== null && operation.method === "POST")
      keep(this.#bookings, booking, BOOKINGS_MAX);
  }

  /** Makes of a body that fits its schema one that has a chance to be taken; `way` is left alone. */
  fitBody(
    operation: Operation,
    body: unknown,
    { way, random }: { way: Way; random: Random },
  ): unknown {
    if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
    const members: Members = { ...body };
    const [kept = ""] = way.filter((step) => !step.startsWith("|"));
    switch (operation.name) {
      case "POST /v1/shows":
        fitShow(
          members,
          way.filter((step) => !step.startsWith("|")),
          random,
        );
        break;
      case "PATCH /v1/shows/{id}":
        this.#fitChange(members, kept, random);
        break;
      case "POST /v1/bookings":
        this.#fitBooking(members, kept, random);
        break;
      case "POST /bookings":
        if (kept !== "showId") members["showId"] = this.show(random).number;
        break;
      case "POST /shows/{id}/book":
        if ("seats" in members && "seats_count" in members) {
          delete members[kept === "seats" ? "seats_count" : "seats"];
        } else if (!("seats" in members)) members["seats_count"] ??= random.int(1, 4);
        break;
      default:
    }
    for (const name of ["start_time", "startTime"]) {
      if (name in members && kept !== name) members[name] = "2027-12-10 10:00:00";
    }
    return members;
  }

  #fitBooking(members: Members, kept: string, random: Random): void {
    const show = this.show(random);
    if (kept !== "showId") members["showId"] = show.id;
    const given = WANT_MEMBERS.includes(kept) ? kept : pickWant(kept, random);
    for (const name of WANT_MEMBERS) if (name !== given) delete members[name];
    for (const name of WANT_FILTERS) {
      if (name !== kept && (given === "wants" || random.chance(0.6))) delete members[name];
    }
    if (given === "count") members["count"] ??= random.int(1, 4);
    if (given === "seats" && kept !== "seats") {
      members["seats"] = [random.int(1, Math.max(1, show.capacity))];
    }
    if (given === "together") members["together"] ??= [random.int(1, 4)];
    if (given === "wants" && !Array.isArray(members["wants"])) members["wants"] = [{ count: 1 }];
    if (Array.isArray(members["wants"]))
      members["wants"] = members["wants"].map((want) => fitWant(want, kept));
    if ("sections" in members && kept !== "sections")
      members["sections"] = [random.pick(this.#sections)];
    if ("waitUntil" in members) members["ifUnavailable"] = "wait";
    if ("ifUnavailable" in members) delete members[kept === "as" ? "ifUnavailable" : "as"];
    if (kept === "as") delete members["waitUntil"];
  }

  #fitChange(members: Members, kept: string, random: Random): void {
    if (kept !== "status" && random.chance(0.9)) delete members["status"];
    if (kept !== "archived" && random.chance(0.9)) delete members["archived"];
    if (kept !== "opensAt") delete members["opensAt"];
    if (kept !== "closesAt") delete members["closesAt"];
    for (const name of ["block", "unblock"]) {
      if (name in members && kept !== name) members[name] = String(random.int(1, 9));
    }
    if (kept !== "sections") delete members["sections"];
    if (Object.keys(members).length === 0) members["name"] = "Another night";
  }
}

function pickWant(kept: string, random: Random): string {
  return WANT_FILTERS.includes(kept) ? "count" : random.pick(WANT_MEMBERS);
}

/** One of the three ways to want, and what narrows it. */
function fitWant(want: unknown, kept: string): unknown {
  if (typeof want !== "object" || want === null || kept === "wants") return want;
  const { count, seats, together, ...filter } = want as Members;
  if (seats !== undefined) return { seats, ...filter };
  return together === undefined ? { count: count ?? 1, ...filter } : { together, ...filter };
}

function fitShow(members: Members, [kept = "", , inside = ""]: Way, random: Random): void {
  const hasSections = kept === "sections" || (kept !== "capacity" && random.chance(0.4));
  if (hasSections) delete members["capacity"];
  else delete members["sections"];
  if (hasSections) delete members["price"];
  else members["capacity"] ??= random.int(1, 300);
  if (hasSections && kept !== "sections") members["sections"] = buildSections(random);
  const { sections } = members;
  if (kept === "sections" && Array.isArray(sections)) {
    members["sections"] = sections.map((it) => fitSection(it as Members, inside));
  }
  if (kept !== "currency") members["currency"] = "EUR";
  if (kept !== "opensAt") delete members["opensAt"];
  if (kept !== "closesAt") delete members["closesAt"];
  if (kept !== "holdMaxSeconds") delete members["holdMaxSeconds"];
  if (kept !== "holdSeconds" && random.chance(0.3)) members["holdSeconds"] = random.int(1, 3);
}

/** Standing or seated, not both; `kept` is left as it is. */
function fitSection(section: Members, kept: string): Members {
  const { name, price, standing, ...seated } = section;
  const isStanding = kept === "standing" || (standing !== undefined && !(kept in seated));
  if (isStanding) return { name, ...(price !== undefined && { price }), standing: standing ?? 1 };
  const sound = { rows: "A-D", seatsPerRow: 8, aislesAfter: [2], blocked: ["A1"], accessible: [] };
  return {
    name,
    ...(price !== undefined && { price }),
    ...sound,
    ...(kept in seated && { [kept]: seated[kept] }),
  };
}

function buildSections(random: Random): object[] {
  const stalls = { name: "Stalls", rows: "A-D", seatsPerRow: random.int(4, 12), price: 8_900 };
  const marks = { aislesAfter: [2], blocked: ["A1"], accessible: ["B1..2"] };
  const floor = { name: "Floor", standing: random.int(1, 60), price: 4_500 };
  return [{ ...stalls, ...(random.chance(0.5) ? marks : {}) }, floor].slice(0, random.int(1, 2));
}

function keep<T>(list: T[], item: T, most: number): void {
  list.push(item);
  if (list.length > most) list.shift();
}
