/**
 * The story of one partition: take, collect, prefetch, decide, commit, publish, one batch in flight.
 *
 * Whatever goes wrong, there is one way back: forget what is known of the partition and take it again.
 * What was committed, and by whom, is what Postgres says.
 */
import { setTimeout as pause } from "node:timers/promises";

import { assert } from "@seatline/shared/core/assert.ts";
import { buildLineState } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import type { Sql } from "@seatline/shared/db/client.ts";
import { commitDecisions } from "@seatline/shared/db/commit-decisions.ts";
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import type { FaultKind } from "@seatline/shared/runtime/faults.ts";
import { loadBookings } from "@seatline/shared/db/load-bookings.ts";
import { loadPartitions } from "@seatline/shared/db/load-partitions.ts";
import { loadShows } from "@seatline/shared/db/load-shows.ts";
import type { ShowHead } from "@seatline/shared/db/load-shows.ts";
import {
  decideBatch,
  digestMessage,
  positionAfter,
  readMessage,
} from "@seatline/shared/line/batch.ts";
import type { Position, ReadMessage } from "@seatline/shared/line/batch.ts";
import type { LineConsumer } from "@seatline/shared/line/consumer.ts";
import type { ExtentReader } from "@seatline/shared/line/extents.ts";
import type { Feed } from "@seatline/shared/line/feed.ts";
import type { Publisher } from "@seatline/shared/line/publisher.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";
import type { GiveUp } from "@seatline/shared/runtime/lifecycle.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { DecisionClock } from "./decision-clock.ts";
import { publishRecord, publishStored } from "./publish-records.ts";

export type LoopDeps = {
  readonly sql: Sql;
  readonly consumer: LineConsumer;
  readonly publisher: Publisher;
  readonly extents: ExtentReader;
  readonly topics: Topics;
  readonly log: Log;
  /** Ends the process: this partition cannot be served, and a restart of it is the next best thing. */
  readonly giveUp: GiveUp;
};

/** What is known of the partition while it is ours. All of it is a copy. */
type Owned = {
  position: Position;
  readonly state: LineState;
  readonly heads: Map<string, ShowHead>;
  /** Messages that a bound cut off the last batch. */
  carry: ReadMessage[];
  readonly clock: DecisionClock;
};

/** Why the partition must be taken again. */
type Trouble = {
  readonly kind: FaultKind | "fenced" | "feed" | "doubt" | "core" | "unpublished" | "replaced";
  readonly error?: unknown;
};

const FEED_TROUBLES = { stopped: "feed", timeout: "feed", doubtful: "doubt" } as const;
const BATCH_MESSAGES_MAX = 1_000;
const BATCH_BYTES_MAX = 1024 * 1024;
/** How long the last decided message may take to come again from Kafka. */
const REREAD_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;
const BACK_OFF_FIRST_MS = 50;
const BACK_OFF_MAX_MS = 2_000;
const BACK_OFF_EXHAUSTED_MS = 5_000;
/** A batch that fails so often for a reason of data is committed one request at a time. */
const DATA_FAULTS_MAX = 3;
/** The feed may break so often without any progress before that counts as a hole in the log. */
const FEED_TROUBLES_MAX = 5;
/** Troubles further apart than this have nothing to do with each other: an idle line has one now and then. */
const STREAK_GAP_MAX_MS = 60_000;
/** Shows kept in memory between batches; the one touched longest ago goes first. */
const SHOWS_MAX = 500;

export class PartitionLoop {
  readonly partition: number;
  readonly #deps: LoopDeps;
  #stopped = false;
  #messagesMax = BATCH_MESSAGES_MAX;
  #isWaiting = false;
  #next = 0;
  /** Offsets that are parked undecided, and why; emptied as they are committed. */
  readonly #poison = new Map<number, string>();
  /** Where the core failed last, and on which state. */
  #suspected = { next: -1, offset: -1 };
  /** Troubles in a row at the same offset, and when the last one was. */
  #streak = { next: -1, at: 0, data: 0, feed: 0, any: 0 };

  constructor(partition: number, deps: LoopDeps) {
    this.partition = partition;
    this.#deps = deps;
  }

  /** For the watchdog: the next undecided offset, and whether a known fault is being waited for. */
  get progress(): { next: number; isWaiting: boolean } {
    return { next: this.#next, isWaiting: this.#isWaiting };
  }

  /** Serves the partition until `stop`. Never throws: what cannot be served ends the process. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      const trouble = await this.#serve().catch((error: unknown): Trouble => ({
        kind: classifyFault(error),
        error,
      }));
      if (trouble === null || this.#stopped) return;
      await this.#recover(trouble);
    }
  }

  /** Takes no more; what is decided is still committed and published. */
  stop(): void {
    this.#stopped = true;
    this.readAgain();
  }

  /** Forgets what is known of the partition, and takes it again. */
  readAgain(): void {
    this.#deps.consumer.feedOf(this.partition).stop();
  }

  async #serve(): Promise<Trouble | null> {
    const owned = await this.#take(); // 1
    if ("kind" in owned) return this.#stopped ? null : owned;
    for (;;) {
      const messages = await this.#collect(owned); // 2
      if ("kind" in messages) return this.#stopped ? null : messages;
      await this.#prefetch(owned, messages); // 3
      const batch = this.#decide(owned, messages); // 4
      if ("kind" in batch) return batch;
      const committed = await this.#commit(owned, batch); // 5
      if (!committed) return { kind: "fenced" };
      const published = await publishRecord(this.#deps, batch.record, batch.body); // 6
      if (!published) return { kind: "unpublished" };
    }
  }

  /**
   * 1. Reads what Postgres knows of the partition, makes sure that the topic is still the one it was
   * read from, and publishes what a predecessor may have left unpublished.
   */
  async #take(): Promise<Owned | Trouble> {
    const { sql, consumer } = this.#deps;
    const rows = await loadPartitions(sql);
    const row = rows[this.partition];
    assert(row !== undefined, `partition ${this.partition} is in the table`);
    // At once: what follows may take seconds, and a clock that began later would be late for ever.
    const clock = new DecisionClock(row.clockMs, this.#deps.log);
    this.#next = row.nextOffset;
    this.#isWaiting = false;
    const expected = await this.#findReread(row.nextOffset);
    if (expected === "replaced") return { kind: "replaced" };
    // Stopped meanwhile: starting the feed would undo that, and this loop would never end.
    if (this.#stopped) return { kind: "feed" };
    const feed = consumer.startFeed(this.partition, expected);
    if (expected < row.nextOffset) {
      // One message, however large: the first is handed out beyond the bound on bytes.
      const reread = await feed.take({ messagesMax: 1, bytesMax: 0, timeoutMs: REREAD_TIMEOUT_MS });
      if (typeof reread === "string") return { kind: FEED_TROUBLES[reread] };
      const [last] = reread;
      if (last === undefined || digestMessage(last) !== row.lastDigest) {
        this.#giveUpReplaced(
          row.nextOffset,
          "another message stands where the last decided one was",
        );
        return { kind: "replaced" };
      }
    }
    const { publishedOffset: from, nextOffset: to } = row;
    const published = await publishStored(this.#deps, { partition: this.partition, from, to });
    if (!published) return { kind: "unpublished" };
    return {
      position: {
        partition: this.partition,
        partitionCount: rows.length,
        next: row.nextOffset,
        tail: row.tail,
        logClock: row.logClock,
      },
      state: buildLineState(),
      heads: new Map(),
      carry: [],
      clock,
    };
  }

  /** Where to begin reading: at the last decided message, if the topic still has it. */
  async #findReread(next: number): Promise<number | "replaced"> {
    const extent = await this.#deps.extents.find(this.partition);
    if (extent.end < next) {
      this.#giveUpReplaced(next, `the topic ends at ${extent.end}`);
      return "replaced";
    }
    if (extent.low > next) {
      this.#giveUpReplaced(next, `the topic begins only at ${extent.low}`);
      return "replaced";
    }
    return next > extent.low ? next - 1 : next;
  }

  #giveUpReplaced(next: number, found: string): void {
    const sentence =
      `The topic ${this.#deps.topics.requests} was replaced or cut: partition ${this.partition} is decided up to offset ${next}, but ${found}. ` +
      "Nothing was decided on it. Restore the topic, or start with a new database and new topics together.";
    this.#deps.log.fatal({ partition: this.partition, next }, sentence);
    this.#deps.giveUp(sentence, new ConfigError([sentence]));
  }

  /** 2. Messages without a gap from the next undecided offset on. */
  async #collect(owned: Owned): Promise<ReadMessage[] | Trouble> {
    if (owned.carry.length > 0) return owned.carry.splice(0, this.#messagesMax);
    const feed = this.#deps.consumer.feedOf(this.partition);
    let messages: Awaited<ReturnType<Feed["take"]>> = "timeout";
    while (messages === "timeout") {
      messages = await feed.take({
        messagesMax: this.#messagesMax,
        bytesMax: BATCH_BYTES_MAX,
        timeoutMs: IDLE_TIMEOUT_MS,
      });
    }
    if (typeof messages === "string") return { kind: FEED_TROUBLES[messages] };
    this.#deps.consumer.resume(this.partition);
    assert(messages[0]?.offset === owned.position.next, "the feed hands out what is wanted next");
    return messages.map((message) => readMessage(message, owned.position, this.#poison));
  }

  /** 3. Loads what the batch names and memory lacks. */
  async #prefetch({ state, heads }: Owned, messages: readonly ReadMessage[]): Promise<void> {
    const bookingIds = new Set<string>();
    const showIds = new Set<string>();
    for (const { request } of messages) {
      if (request === null) continue;
      if ("showId" in request) showIds.add(request.showId);
      if (request.kind === "create-show") continue;
      const id = request.kind === "book" ? request.requestId : request.bookingId;
      if (!state.bookings.has(id)) bookingIds.add(id);
    }
    for (const booking of await loadBookings(this.#deps.sql, [...bookingIds])) {
      state.bookings.set(booking.id, booking);
      showIds.add(booking.showId);
    }
    const missing = [...showIds].filter((id) => !state.shows.has(id));
    for (const [id, head] of await loadShows(this.#deps.sql, state, missing)) heads.set(id, head);
  }

  /** 4. The fold. */
  #decide(owned: Owned, messages: readonly ReadMessage[]): Batch | Trouble {
    const { position, state, heads, clock } = owned;
    const batch = decideBatch(position, messages, { state, heads, now: clock.read() });
    if ("failedAt" in batch) {
      this.#suspect({ next: position.next, offset: batch.failedAt });
      return { kind: "core", error: batch.error };
    }
    owned.clock.watch(batch.logClock);
    owned.carry = [...messages.slice(batch.record.entries.length), ...owned.carry];
    return batch;
  }

  /** 5. One statement. False if the partition is not ours any more. */
  async #commit(owned: Owned, batch: Batch): Promise<boolean> {
    const { committed, clockMs } = await commitDecisions(this.#deps.sql, batch);
    if (!committed) return false;
    owned.clock.set(clockMs);
    owned.position = positionAfter(owned.position, batch);
    this.#next = owned.position.next;
    this.#messagesMax = Math.min(this.#messagesMax * 2, BATCH_MESSAGES_MAX);
    for (const { offset, fault } of batch.deadLetters) {
      this.#poison.delete(offset);
      this.#deps.log.error({ partition: this.partition, offset, fault }, "parked a dead letter");
    }
    for (const { id, version, hash } of batch.record.shows) {
      owned.heads.delete(id);
      owned.heads.set(id, { version, hash });
    }
    forgetSettled(owned);
    return true;
  }

  /** Says what went wrong, draws the consequence for the next try, and waits as long as fits. */
  async #recover({ kind, error }: Trouble): Promise<void> {
    const at = performance.now();
    if (this.#streak.next !== this.#next || at - this.#streak.at > STREAK_GAP_MAX_MS)
      this.#streak = { next: this.#next, at, data: 0, feed: 0, any: 0 };
    const streak = this.#streak;
    streak.at = at;
    streak.any += 1;
    const { log, giveUp } = this.#deps;
    const line = { partition: this.partition, next: this.#next, kind, err: error };
    let backOffMs = Math.min(BACK_OFF_FIRST_MS * 2 ** (streak.any - 1), BACK_OFF_MAX_MS);
    this.#isWaiting = false;
    switch (kind) {
      case "fenced":
        log.warn(line, "fenced: somebody else committed to this partition; nothing was written");
        break;
      case "feed":
        streak.feed += 1;
        log.info(line, "the partition's messages came out of order or not at all; reading again");
        if (streak.feed > FEED_TROUBLES_MAX) {
          giveUp(
            `Partition ${this.partition}: no message at offset ${this.#next} could be read, though the topic should have one.`,
          );
        }
        break;
      case "doubt":
        backOffMs = BACK_OFF_FIRST_MS;
        log.info(line, "the broker was out of sight; making sure that the topic is the same");
        break;
      case "core":
        log.error(line, "the core failed on a request; once more, and it is parked");
        break;
      case "unpublished":
        // Not a wait: with a broker that answers, this must get on, or the watchdog ends it.
        log.warn(line, "a record is committed but not published; publishing it again");
        break;
      case "transient":
        this.#isWaiting = true;
        // Said once, not at every try: there may be many, in every partition.
        log[streak.any === 1 ? "warn" : "debug"](line, "Postgres or Kafka is away; the line waits");
        break;
      case "exhausted":
        this.#isWaiting = true;
        backOffMs = BACK_OFF_EXHAUSTED_MS;
        log.error(line, "Postgres has no room; the line waits");
        break;
      case "too-slow":
        // With a single request it will not get better by waiting.
        this.#isWaiting = this.#messagesMax > 1;
        this.#messagesMax = Math.max(1, Math.floor(this.#messagesMax / 2));
        log.warn(
          { ...line, messagesMax: this.#messagesMax },
          "a commit took too long; smaller batches",
        );
        break;
      case "data":
        streak.data += 1;
        this.#isolate(streak.data);
        log.error(line, "Postgres cannot store this batch");
        break;
      case "replaced":
        // Said already, where it was found; the process is on its way out.
        break;
      case "bug":
        giveUp("a bug in the booking-worker", error);
        break;
    }
    if (!this.#stopped) await pause(backOffMs);
  }

  /**
   * Parks a request that makes the core fail a second time, on a state that was loaded anew. Once may
   * be the state's fault: another owner can commit between the statements that load it.
   */
  #suspect(failure: { readonly next: number; readonly offset: number }): void {
    const { next, offset } = this.#suspected;
    if (failure.next === next && failure.offset === offset) {
      this.#poison.set(offset, "the core failed on it");
    } else this.#suspected = failure;
  }

  /** Finds the request that cannot be stored: one at a time, and the one that fails alone is parked. */
  #isolate(failures: number): void {
    if (failures < DATA_FAULTS_MAX) return;
    if (this.#messagesMax > 1) this.#messagesMax = 1;
    else this.#poison.set(this.#next, "Postgres cannot store what was decided on it");
  }
}

/** Settled bookings were only needed for their batch; shows are kept up to a bound. */
function forgetSettled({ state, heads }: Owned): void {
  for (const [id, { status }] of state.bookings)
    if (status !== "PENDING") state.bookings.delete(id);
  if (state.shows.size <= SHOWS_MAX) return;
  for (const id of heads.keys()) {
    if (state.shows.size <= SHOWS_MAX) break;
    state.shows.delete(id);
    heads.delete(id);
    for (const booking of state.bookings.values()) {
      if (booking.showId === id) state.bookings.delete(booking.id);
    }
  }
}
