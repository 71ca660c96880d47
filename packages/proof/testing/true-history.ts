/**
 * Histories as a sound system would leave them behind, made in memory: the real core decides, and what the worker
 * commits and publishes, and what gateways answer, follows from that. One call after the other; a gateway knows the
 * lines up to where it was last told of.
 */
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { readPartition } from "@seatline/shared/contract/booking-id.ts";
import { buildEvents } from "@seatline/shared/contract/event.ts";
import { encodeRequest } from "@seatline/shared/contract/request.ts";
import { limitsCustomers } from "@seatline/shared/core/model.ts";
import type { Booking, Place, ShowFacts } from "@seatline/shared/core/model.ts";
import type { Book, Request } from "@seatline/shared/core/requests.ts";
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import { decideBatch, readMessage } from "@seatline/shared/line/batch.ts";
import { buildLine, lineAfter } from "@seatline/shared/testing/batches.ts";
import type { TestLine } from "@seatline/shared/testing/batches.ts";
import { NOON, homeOf } from "@seatline/shared/testing/requests.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";
import { NO_USAGE } from "@seatline/shared/core/show.ts";

import { buildBookingSeen } from "../src/history/booking-seen.ts";
import type { Asked, Call, Heard, History, Tables, TopicMessage } from "../src/history/history.ts";

type Entry = Batch["record"]["entries"][number];
type RecordRow = Tables["records"][number];
type Change = Extract<Request, { readonly bookingId: string }>;

export class TrueHistory {
  /** The broker's and the database's clock. */
  now = NOON;
  readonly #calls: Call[] = [];
  /** By partition. */
  readonly #topics = { requests: buildTopic(), outcomes: buildTopic(), events: buildTopic() };
  readonly #lines: TestLine[] = [];
  readonly #ends = Array.from({ length: TEST_PARTITIONS }, (): LineEnd => {
    return { publishedOffset: 0, lastDigest: null };
  });
  readonly #records: RecordRow[] = [];
  readonly #shows = new Map<string, ShowRow>();
  /** Places that clients were told, each of a request about a booking. */
  readonly told: { readonly id: string; readonly place: Place }[] = [];
  /** As they are stored. */
  readonly bookings = new Map<string, Booking>();
  readonly #customers = new Map<string, Tables["customers"][number]>();
  readonly #deadLetters: Tables["deadLetters"][number][] = [];
  /** Every state of every booking, with the offset of its entry. */
  readonly #states = new Map<string, { readonly offset: number; readonly booking: Booking }[]>();
  readonly #entries = new Map<string, Entry>();
  /** By gateway, how far each line is known. */
  readonly #known = new Map<string, number[]>();
  readonly #hidden = new Set<string>();
  #time = 0;

  constructor() {
    for (let partition = 0; partition < TEST_PARTITIONS; partition++) {
      this.#lines.push(buildLine(partition));
    }
  }

  /** Puts any message into a line. */
  put(partition: number, value: Buffer | null, key: Buffer | null = null): Place {
    return this.#append("requests", { partition, key, value });
  }

  /** An offset that belongs to a transaction: no reader of the topic sees a message there. */
  putHidden(partition: number): void {
    const { offset } = this.put(partition, null);
    this.#hidden.add(`${partition}-${offset}`);
  }

  ask(request: Request): Place {
    const key = "showId" in request ? request.showId : request.bookingId;
    return this.put(homeOf(request), Buffer.from(encodeRequest(request)), Buffer.from(key));
  }

  undecided(partition: number): number {
    return this.#messages("requests", partition).length - this.#line(partition).position.next;
  }

  /** Decides the next messages of a line as one batch, or as many as a bound lets; commits and publishes. */
  decide(
    partition: number,
    count = this.undecided(partition),
    poison: ReadonlyMap<number, string> = new Map(),
  ): void {
    const line = this.#line(partition);
    const { next } = line.position;
    const messages = this.#messages("requests", partition)
      .slice(next, next + count)
      .map((message) => {
        const isHidden = this.#isHidden(message);
        return readMessage({ ...message, isHidden }, line.position, poison);
      });
    if (messages.length === 0) return;
    const batch = decideBatch(line.position, messages, { ...line, now: this.now });
    if ("failedAt" in batch) throw batch.error;
    this.#lines[partition] = lineAfter(line, batch);
    this.#commit(batch);
    this.publish(batch.record, batch.body);
  }

  decideAll(): void {
    for (let partition = 0; partition < TEST_PARTITIONS; partition++) this.decide(partition);
  }

  /** Publishes a record, its events and what it leaves to do. */
  publish(record: Batch["record"], body: string): void {
    const { partition } = record;
    const text = (value: string) => Buffer.from(value);
    this.#append("outcomes", { partition, key: text(`${partition}`), value: text(body) });
    for (const { followUp } of record.entries) {
      if (followUp !== null) this.put(partition, text(followUp.message), text(followUp.showId));
    }
    for (const { showId, event } of buildEvents(record)) {
      const value = text(JSON.stringify(event));
      this.#append("events", { partition, key: text(showId), value });
    }
  }

  /** Publishes what a topic has from an offset on once more, as an owner does who died in between. */
  repeat(topic: "outcomes" | "events", { partition, offset }: Place): void {
    for (const message of this.#messages(topic, partition).slice(offset)) {
      this.#append(topic, message);
    }
  }

  /** The gateway hears of all that is decided. */
  catchUp(gateway: string): void {
    const next = this.#lines.map(({ position }) => position.next);
    this.#known.set(gateway, next);
  }

  book(gateway: string, request: Book, { key = null, waits = false }: BookOptions = {}): Heard {
    const { requestId: id, requestHash: body, showId } = request;
    const askedAt = this.#tick();
    const place = this.ask(request);
    const asked: Asked = { kind: "book", key, showId, body };
    return this.#hear({ gateway, askedAt, asked }, this.#answer(gateway, { id, place, waits }));
  }

  change(gateway: string, request: Change, waits = true): Heard {
    const { kind, bookingId } = request;
    if (kind === "expire") throw new TypeError("no client asks for that");
    const askedAt = this.#tick();
    const place = this.ask(request);
    const heard = this.#answer(gateway, { id: bookingId, place, waits });
    return this.#hear({ gateway, askedAt, asked: { kind, bookingId } }, heard);
  }

  find(gateway: string, bookingId: string, place: Place | null = null): Heard {
    const askedAt = this.#tick();
    const heard = this.#look(gateway, bookingId, place);
    return this.#hear({ gateway, askedAt, asked: { kind: "find", bookingId, place } }, heard);
  }

  /** A call to which nobody answers, though its request stands in the line. */
  bookInVain(gateway: string, request: Book, heard: Heard | null): void {
    const { requestHash: body, showId } = request;
    const askedAt = this.#tick();
    this.ask(request);
    this.#hear({ gateway, askedAt, asked: { kind: "book", key: null, showId, body } }, heard);
  }

  build(): History {
    const { requests, outcomes, events } = this.#topics;
    return {
      calls: [...this.#calls],
      topics: {
        requests: requests.flat().filter((message) => !this.#isHidden(message)),
        outcomes: outcomes.flat(),
        events: events.flat(),
      },
      tables: this.#buildTables(),
      lapseMaxMs: null,
      rest: null,
      bounds: BOUNDS,
    };
  }

  #buildTables(): Tables {
    const bookings = [...this.bookings.values()];
    const live = bookings.filter(({ status }) => status === "PENDING" || status === "CONFIRMED");
    return {
      partitions: this.#lines.map(({ position: { partition, next, tail, logClock } }) => {
        const { publishedOffset, lastDigest } = this.#end(partition);
        const its = { publishedOffset, lastDigest, clockMs: this.now };
        return { partition, nextOffset: next, tail, logClock, ...its };
      }),
      shows: [...this.#shows.values()],
      bookings,
      seats: live.flatMap(({ id: bookingId, showId, seats }) =>
        seats.map((seat) => ({ showId, seat, bookingId })),
      ),
      sections: this.#buildSections(),
      customers: [...this.#customers.values()],
      records: this.#records,
      deadLetters: this.#deadLetters,
    };
  }

  #buildSections(): Tables["sections"] {
    const rows = new Map<string, Tables["sections"][number]>();
    for (const { body } of this.#records) {
      const { shows } = JSON.parse(body) as Batch["record"];
      for (const { id: showId, standing } of shows) {
        for (const { section, free, held, confirmed } of standing) {
          const capacity = free + held + confirmed;
          rows.set(`${showId} ${section}`, { showId, section, capacity, held, confirmed });
        }
      }
    }
    return [...rows.values()];
  }

  #commit(batch: Batch): void {
    const { record, body, tail, net, lastDigest, deadLetters } = batch;
    const { partition, first, next } = record;
    this.#records.push({ partition, first, next, body, tail });
    Object.assign(this.#end(partition), { publishedOffset: first, lastDigest });
    for (const { last } of net.bookings) this.bookings.set(last.id, last);
    for (const letter of deadLetters) this.#deadLetters.push({ partition, ...letter });
    for (const entry of record.entries) {
      this.#entries.set(`${partition}-${entry.offset}`, entry);
      for (const booking of entry.changed) {
        const states = this.#states.get(booking.id) ?? [];
        states.push({ offset: entry.offset, booking });
        this.#states.set(booking.id, states);
      }
    }
    for (const show of record.shows) {
      const facts = batch.state.shows.get(show.id)?.facts;
      if (facts !== undefined) this.#shows.set(show.id, buildShowRow(facts, show));
    }
    this.#countCustomers(batch);
  }

  #countCustomers({ net, state }: Batch): void {
    for (const { last } of net.bookings) {
      const { showId, customer } = last;
      const show = state.shows.get(showId);
      if (customer === null || show === undefined || !limitsCustomers(show.facts.rules)) continue;
      const usage = show.usage.get(customer) ?? NO_USAGE;
      this.#customers.set(`${showId} ${customer}`, { showId, customer, ...usage });
    }
  }

  /** What becomes of a call whose request stands at a place. */
  #answer(
    gateway: string,
    { id, place, waits }: { readonly id: string; readonly place: Place; readonly waits: boolean },
  ): Heard {
    if (!waits) return { kind: "queued", id, place };
    this.decide(place.partition);
    this.catchUp(gateway);
    const entry = this.#entries.get(`${place.partition}-${place.offset}`);
    if (entry === undefined) return { kind: "queued", id, place };
    return hearEntry(entry);
  }

  #look(gateway: string, id: string, place: Place | null): Heard {
    const partition = readPartition(id);
    const next = this.#known.get(gateway)?.[partition] ?? 0;
    if (place !== null && place.offset >= next) return { kind: "queued", id, place };
    const state = this.#states.get(id)?.findLast(({ offset }) => offset < next);
    const isIt = place === null || state?.booking.place.offset === place.offset;
    if (state !== undefined && isIt) {
      return { kind: "booking", booking: buildBookingSeen(state.booking) };
    }
    const entry = place === null ? undefined : this.#entries.get(`${partition}-${place.offset}`);
    if (entry?.outcome.kind === "refused") return hearEntry(entry);
    if (state !== undefined) return { kind: "booking", booking: buildBookingSeen(state.booking) };
    const isWaited = this.#messages("requests", partition).length > next;
    return isWaited
      ? { kind: "queued", id, place: null }
      : { kind: "refused", reason: "booking-not-found", booking: null };
  }

  #hear(call: Pick<Call, "gateway" | "askedAt" | "asked">, heard: Heard | null): Heard {
    if (heard?.kind === "queued" && heard.place !== null) {
      this.told.push({ id: heard.id, place: heard.place });
    }
    this.#calls.push({ ...call, heardAt: this.#tick(), heard });
    return heard ?? { kind: "unavailable" };
  }

  #tick(): number {
    return (this.#time += 1);
  }

  #append(
    topic: keyof History["topics"],
    message: Pick<TopicMessage, "partition" | "key" | "value">,
  ): Place {
    const { partition, key, value } = message;
    const messages = this.#messages(topic, partition);
    const offset = messages.length;
    messages.push({ partition, offset, appendedAt: this.now, key, value });
    return { partition, offset };
  }

  #messages(topic: keyof History["topics"], partition: number): TopicMessage[] {
    const messages = this.#topics[topic][partition];
    if (messages === undefined) throw new RangeError(`there is no partition ${partition}`);
    return messages;
  }

  #isHidden({ partition, offset }: Place): boolean {
    return this.#hidden.has(`${partition}-${offset}`);
  }

  #line(partition: number): TestLine {
    const line = this.#lines[partition];
    if (line === undefined) throw new RangeError(`there is no partition ${partition}`);
    return line;
  }

  #end(partition: number): LineEnd {
    const end = this.#ends[partition];
    if (end === undefined) throw new RangeError(`there is no partition ${partition}`);
    return end;
  }
}

function buildTopic(): TopicMessage[][] {
  return Array.from({ length: TEST_PARTITIONS }, () => []);
}

type LineEnd = { publishedOffset: number; lastDigest: string | null };
type BookOptions = { readonly key?: string | null; readonly waits?: boolean };

function hearEntry({ outcome, changed, unchanged }: Entry): Heard {
  const bookingId = outcome.kind === "show" ? null : outcome.bookingId;
  const booking = changed.findLast(({ id }) => id === bookingId) ?? unchanged;
  const seen = bookingId === null || booking === null ? null : buildBookingSeen(booking);
  if (outcome.kind === "refused") return { kind: "refused", reason: outcome.reason, booking: seen };
  if (seen === null) throw new TypeError("only bookings are asked for");
  return { kind: "booking", booking: seen };
}

function buildShowRow(facts: ShowFacts, show: Batch["record"]["shows"][number]): ShowRow {
  const { version, updatedAt, capacity, free, held, confirmed, hash } = show;
  return { ...facts, number: 1, version, updatedAt, capacity, free, held, confirmed, hash };
}
