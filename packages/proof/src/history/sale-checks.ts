/**
 * The sale, told by its records and counted naively: who has which seat at every moment, whose hold ends when,
 * who waits for what. It knows the rules from the design, not from the code that it checks.
 */
import type { RecordEntry, RecordShow } from "@seatline/shared/contract/record.ts";
import { countPlaces, isLive, isUnsettled, limitsCustomers } from "@seatline/shared/core/model.ts";
import type { Booking } from "@seatline/shared/core/model.ts";

import { found } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { keyOf } from "./index-history.ts";
import type { IndexedHistory, IndexedLine } from "./index-history.ts";

export function checkSale(history: IndexedHistory): Finding[] {
  const sales = history.lines.map((line) => new SaleWalk(line, history).walk());
  const all = (name: keyof Faults) => sales.flatMap((faults) => faults[name]);
  return [
    found("no seat has two live bookings, at any moment", all("seats")),
    found("free + held + confirmed = capacity at every version", all("counters")),
    found("versions of a show count up by one", all("versions")),
    found(
      "a hold ends when the log's clock has passed its time, not earlier, not later",
      all("holds"),
    ),
    found("who waits is served in the order of their places", all("waiting")),
    checkLapses(history),
  ];
}

type Faults = Readonly<
  Record<"seats" | "counters" | "versions" | "holds" | "waiting", readonly string[]>
>;

/** What a show is while its line is walked along. */
type ShowSeen = {
  readonly ownerBySeat: Map<number, string>;
  /** Its PENDING and WAITING bookings, in the order of their places. */
  readonly unsettled: Map<string, Booking>;
  held: number;
  confirmed: number;
  version: number;
};

class SaleWalk {
  readonly #line: IndexedLine;
  readonly #rulesById: ReadonlyMap<string, IndexedHistory["tables"]["shows"][number]["rules"]>;
  readonly #lapsesMax: number;
  readonly #shows = new Map<string, ShowSeen>();
  readonly #bookings = new Map<string, Booking>();
  readonly #faults = {
    seats: [] as string[],
    counters: [] as string[],
    versions: [] as string[],
    holds: [] as string[],
    waiting: [] as string[],
  };

  constructor(line: IndexedLine, { tables, bounds }: IndexedHistory) {
    this.#line = line;
    this.#lapsesMax = bounds.lapses;
    this.#rulesById = new Map(tables.shows.map(({ id, rules }) => [id, rules]));
  }

  walk(): Faults {
    for (const { record } of this.#line.records) {
      for (const entry of record?.entries ?? []) this.#pass(entry);
      for (const show of record?.shows ?? []) this.#compare(show);
    }
    return this.#faults;
  }

  #pass(entry: RecordEntry): void {
    for (const booking of entry.changed) this.#change(entry, booking);
    if (entry.showId !== null) this.#checkDue(entry, this.#show(entry.showId));
  }

  #change(entry: RecordEntry, after: Booking): void {
    const { id, showId } = after;
    const show = this.#show(showId);
    const before = this.#bookings.get(id);
    this.#checkWaiting(entry, after, show);
    if (before !== undefined && isLive(before)) this.#release(before, show);
    this.#bookings.set(id, after);
    if (isLive(after)) this.#take(entry, after, show);
    if (isUnsettled(after)) show.unsettled.set(id, after);
    else show.unsettled.delete(id);
    const isLapse = before?.status === "PENDING" && after.reason === "hold-expired";
    if (isLapse && (before.expiresAt ?? Infinity) > entry.appendedAt) {
      this.#faults.holds.push(`${id} lapsed at ${keyOf(entry)}, before ${before.expiresAt}`);
    }
  }

  #release(booking: Booking, show: ShowSeen): void {
    for (const seat of booking.seats) {
      if (show.ownerBySeat.get(seat) === booking.id) show.ownerBySeat.delete(seat);
    }
    if (booking.status === "PENDING") show.held -= countPlaces(booking);
    else show.confirmed -= countPlaces(booking);
  }

  #take(entry: RecordEntry, booking: Booking, show: ShowSeen): void {
    for (const seat of booking.seats) {
      const owner = show.ownerBySeat.get(seat);
      if (owner !== undefined) {
        this.#faults.seats.push(
          `seat ${seat} of ${booking.showId} went to ${booking.id} at ${keyOf(entry)}, ${owner} had it`,
        );
      }
      show.ownerBySeat.set(seat, booking.id);
    }
    if (booking.status === "PENDING") show.held += countPlaces(booking);
    else show.confirmed += countPlaces(booking);
  }

  /** Once an entry of a show is decided, nobody holds or waits whose time was over at it: up to the bound. */
  #checkDue(entry: RecordEntry, { unsettled }: ShowSeen): void {
    const lapses = entry.changed.filter(({ status }) => status === "FAILED").length;
    if (lapses >= this.#lapsesMax) return;
    for (const { id, expiresAt } of unsettled.values()) {
      if (expiresAt !== null && expiresAt <= entry.appendedAt) {
        this.#faults.holds.push(
          `${id} is alive after ${keyOf(entry)}, its time was over at ${expiresAt}`,
        );
      }
    }
  }

  /** Nobody goes before somebody who has waited for longer, and would have been served with the same places. */
  #checkWaiting(entry: RecordEntry, after: Booking, { unsettled }: ShowSeen): void {
    const before = this.#bookings.get(after.id);
    const isServed = isLive(after) && (before === undefined || before.status === "WAITING");
    const rules = this.#rulesById.get(after.showId);
    if (!isServed || rules === undefined || limitsCustomers(rules) || isByStaff(entry)) return;
    for (const waiting of unsettled.values()) {
      const isEarlier = waiting.place.offset < after.place.offset;
      const isBefore = waiting.status === "WAITING" && isEarlier && waiting.id !== after.id;
      if (isBefore && wouldTake(waiting, after)) {
        this.#faults.waiting.push(`${after.id} was served at ${keyOf(entry)} before ${waiting.id}`);
      }
    }
  }

  #compare(show: RecordShow): void {
    const { id, version, capacity, free, held, confirmed, standing } = show;
    const seen = this.#show(id);
    const where = `show ${id} at version ${version}`;
    if (version !== seen.version + 1) {
      this.#faults.versions.push(`${where} follows on version ${seen.version}`);
    }
    seen.version = version;
    const negative = [free, held, confirmed, ...standing.map((it) => it.free)].some((it) => it < 0);
    if (free + held + confirmed !== capacity || negative) {
      this.#faults.counters.push(`${where}: ${free} + ${held} + ${confirmed} of ${capacity}`);
    }
    if (held !== seen.held || confirmed !== seen.confirmed) {
      this.#faults.counters.push(
        `${where} has ${held} held and ${confirmed} confirmed, its bookings ${seen.held} and ${seen.confirmed}`,
      );
    }
  }

  #show(id: string): ShowSeen {
    const known = this.#shows.get(id);
    if (known !== undefined) return known;
    const show = {
      ownerBySeat: new Map(),
      unsettled: new Map(),
      held: 0,
      confirmed: 0,
      version: 0,
    };
    this.#shows.set(id, show);
    return show;
  }
}

/** Whether who waits would have taken what another got: for certain, as far as that can be told without the core. */
function wouldTake(waiting: Booking, got: Booking): boolean {
  const granted = got.wants[got.want ?? 0];
  const isAnywhere = granted !== undefined && Object.keys(granted).join() === "count";
  const isEnough = waiting.wants.some(
    (want) =>
      Object.keys(want).join() === "count" && "count" in want && want.count <= countPlaces(got),
  );
  return (isAnywhere && isEnough) || JSON.stringify(waiting.wants) === JSON.stringify(got.wants);
}

/** Staff may take what is not for sale: nobody who waits has a claim on it. */
function isByStaff({ request }: RecordEntry): boolean {
  return request?.includes('"byStaff":true') ?? false;
}

const LAPSES = "no hold and no wait outlives its time by more than a sweep";

function checkLapses({ tables, lapseMaxMs }: IndexedHistory): Finding {
  if (lapseMaxMs === null) {
    return { name: LAPSES, verdict: "not-checked", details: ["nothing swept at the end"] };
  }
  const clockMs = Math.min(...tables.partitions.map((row) => row.clockMs));
  const faults = tables.bookings
    .filter(
      (booking) => isUnsettled(booking) && (booking.expiresAt ?? Infinity) < clockMs - lapseMaxMs,
    )
    .map(
      ({ id, status, expiresAt }) =>
        `${id} is ${status}, its time was over at ${expiresAt}, it is ${clockMs}`,
    );
  return found(LAPSES, faults);
}
