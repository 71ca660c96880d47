/**
 * The story of one partition: take, collect, prefetch, decide, commit, publish, one batch in flight.
 *
 * Whatever goes wrong, there is one way back: forget what is known of the partition and take it again.
 * What was committed, and by whom, is what Postgres says.
 */
import { setTimeout as pause } from "node:timers/promises";

import { assert } from "@seatline/shared/core/assert.ts";
import { cancelPageOf } from "@seatline/shared/core/bounds.ts";
import { isUnsettled } from "@seatline/shared/core/model.ts";
import { readIds } from "@seatline/shared/core/requests.ts";
import { buildLineState } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import type { Sql } from "@seatline/shared/db/client.ts";
import { commitDecisions } from "@seatline/shared/db/commit-decisions.ts";
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import { loadBookings, loadToCancel } from "@seatline/shared/db/load-bookings.ts";
import { loadPartitions } from "@seatline/shared/db/load-partitions.ts";
import { loadShows, loadUsage } from "@seatline/shared/db/load-shows.ts";
import type { ShowHead } from "@seatline/shared/db/load-shows.ts";
import {
  decideBatch,
  digestMessage,
  needsBatchOfItsOwn,
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
import { listSurplusShows } from "./kept-shows.ts";
import { publishRecord, publishStored } from "./publish-records.ts";
import { Recovery } from "./recovery.ts";
import type { Trouble } from "./recovery.ts";

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
  /** Bookings that were loaded for the batch at hand. */
  prefetched: readonly string[];
  readonly clock: DecisionClock;
};

const FEED_TROUBLES = { stopped: "feed", timeout: "feed", doubtful: "doubt" } as const;
const BATCH_BYTES_MAX = 1024 * 1024;
/** How long one batch is decided before it is committed: meanwhile this process does nothing else. */
const DECIDING_MS_MAX = 250;
/** How long the last decided message may take to come again from Kafka. */
const REREAD_TIMEOUT_MS = 10_000;
const IDLE_TIMEOUT_MS = 60_000;

export class PartitionLoop {
  readonly partition: number;
  readonly #deps: LoopDeps;
  #stopped = false;
  #isWaiting = false;
  #next = 0;
  readonly #recovery = new Recovery();

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
      if (trouble === null || this.#stopped || !(await this.#recover(trouble))) return;
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
    const from = await this.#findReread(row.nextOffset);
    if (typeof from !== "number") return from;
    // Stopped meanwhile: starting the feed would undo that, and this loop would never end.
    if (this.#stopped) return { kind: "feed" };
    const feed = consumer.startFeed(this.partition, from);
    if (from < row.nextOffset) {
      // One message, however large: the first is handed out beyond the bound on bytes.
      const reread = await feed.take({ messagesMax: 1, bytesMax: 0, timeoutMs: REREAD_TIMEOUT_MS });
      if (typeof reread === "string") return { kind: FEED_TROUBLES[reread] };
      const [last] = reread;
      if (last === undefined || digestMessage(last) !== row.lastDigest) {
        const found = "another message stands where the last decided one was";
        return this.#describeReplaced(row.nextOffset, found);
      }
    }
    const published = await publishStored(this.#deps, {
      partition: this.partition,
      from: row.publishedOffset,
      to: row.nextOffset,
    });
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
      prefetched: [],
      clock,
    };
  }

  /** Where to begin reading: at the last decided message, if the topic still has it. */
  async #findReread(next: number): Promise<number | Trouble> {
    const { low, end } = await this.#deps.extents.find(this.partition);
    if (end < next) return this.#describeReplaced(next, `the topic ends at ${end}`);
    if (low > next) return this.#describeReplaced(next, `the topic begins only at ${low}`);
    return next > low ? next - 1 : next;
  }

  #describeReplaced(next: number, found: string): Trouble {
    const sentence =
      `The topic ${this.#deps.topics.requests} was replaced or cut: partition ${this.partition} is decided up to offset ${next}, but ${found}. ` +
      "Nothing was decided on it. Restore the topic, or start with a new database and new topics together.";
    return { kind: "replaced", sentence };
  }

  /** 2. Messages without a gap from the next undecided offset on. */
  async #collect(owned: Owned): Promise<ReadMessage[] | Trouble> {
    if (owned.carry.length > 0) return owned.carry.splice(0, this.#recovery.messagesMax);
    const feed = this.#deps.consumer.feedOf(this.partition);
    let messages: Awaited<ReturnType<Feed["take"]>> = "timeout";
    while (messages === "timeout") {
      messages = await feed.take({
        messagesMax: this.#recovery.messagesMax,
        bytesMax: BATCH_BYTES_MAX,
        timeoutMs: IDLE_TIMEOUT_MS,
      });
    }
    if (typeof messages === "string") return { kind: FEED_TROUBLES[messages] };
    this.#deps.consumer.resume(this.partition);
    assert(messages[0]?.offset === owned.position.next, "the feed hands out what is wanted next");
    return messages.map((message) => readMessage(message, owned.position, this.#recovery.poison));
  }

  /** 3. Loads what the batch names and memory lacks. */
  async #prefetch(owned: Owned, messages: readonly ReadMessage[]): Promise<void> {
    const { sql } = this.#deps;
    const { state, heads } = owned;
    const requests = messages.map(({ request }) => request).filter((request) => request !== null);
    const ids = requests.map(readIds);
    const missing = ids
      .map(({ bookingId }) => bookingId)
      .filter((id) => id !== null)
      .filter((id) => !state.bookings.has(id));
    const loaded = await loadBookings(sql, [...new Set(missing)]);
    const [first] = requests;
    if (first?.kind === "change-show" && needsBatchOfItsOwn(first)) {
      const page = {
        showId: first.showId,
        after: first.after ?? -1,
        limit: cancelPageOf(state.bounds),
      };
      loaded.push(...(await loadToCancel(sql, page)));
    }
    for (const booking of loaded) state.bookings.set(booking.id, booking);
    owned.prefetched = loaded.map(({ id }) => id);
    const showIds = [...ids, ...loaded].map(({ showId }) => showId).filter((id) => id !== null);
    const unknown = [...new Set(showIds)].filter((id) => !state.shows.has(id));
    for (const [id, head] of await loadShows(sql, state, unknown)) heads.set(id, head);
    const books = requests.filter((request) => request.kind === "book");
    await loadUsage(sql, state, [...books, ...loaded]);
  }

  /** 4. The fold. */
  #decide(owned: Owned, messages: readonly ReadMessage[]): Batch | Trouble {
    const { position, state, heads, clock } = owned;
    const until = performance.now() + DECIDING_MS_MAX;
    const mayGoOn = () => performance.now() < until;
    const batch = decideBatch(position, messages, { state, heads, now: clock.read(), mayGoOn });
    if ("failedAt" in batch) {
      return { kind: "core", offset: batch.failedAt, error: batch.error };
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
    this.#recovery.noteCommitted(batch.deadLetters);
    for (const { offset, fault } of batch.deadLetters) {
      this.#deps.log.error({ partition: this.partition, offset, fault }, "parked a dead letter");
    }
    for (const { id, version, hash } of batch.record.shows) {
      owned.heads.delete(id);
      owned.heads.set(id, { version, hash });
    }
    forgetSettled(owned, batch);
    return true;
  }

  /** Tells of a trouble and waits as long as is advised. False if no further try helps. */
  async #recover(trouble: Trouble): Promise<boolean> {
    const advice = this.#recovery.advise(trouble, this.#next, performance.now());
    const { level, words, backOffMs, isWaiting, giveUp } = advice;
    const err = "error" in trouble ? trouble.error : undefined;
    const facts = { partition: this.partition, next: this.#next, kind: trouble.kind, err };
    this.#deps.log[level](facts, words);
    if (giveUp !== null) {
      this.#deps.giveUp(giveUp.why, giveUp.error);
      return false;
    }
    this.#isWaiting = isWaiting;
    await pause(backOffMs);
    return true;
  }
}

/** Settled bookings were only needed for their batch. Shows are kept up to a bound, with their holds. */
function forgetSettled({ state, heads, prefetched }: Owned, { net }: Batch): void {
  for (const id of [...prefetched, ...net.bookings.map(({ last }) => last.id)]) {
    const booking = state.bookings.get(id);
    if (booking !== undefined && !isUnsettled(booking)) state.bookings.delete(id);
  }
  const evicted = listSurplusShows(state.shows, heads.keys());
  if (evicted.size === 0) return;
  for (const id of evicted) {
    state.shows.delete(id);
    heads.delete(id);
  }
  for (const { id, showId } of state.bookings.values())
    if (evicted.has(showId)) state.bookings.delete(id);
}
