/**
 * The story of one partition: take, collect, prefetch, decide, commit, publish, one batch in flight.
 *
 * Whatever goes wrong, there is one way back: forget what is known of the partition and take it again.
 * What was committed, and by whom, is what Postgres says.
 */
import { assert } from "@seatline/shared/core/assert.ts";
import { cancelPageOf } from "@seatline/shared/core/bounds.ts";
import type { Bounds } from "@seatline/shared/core/bounds.ts";
import { isUnsettled } from "@seatline/shared/core/model.ts";
import { readIds } from "@seatline/shared/core/requests.ts";
import { buildLineState } from "@seatline/shared/core/show.ts";
import type { LineState } from "@seatline/shared/core/show.ts";
import type { Batch } from "@seatline/shared/db/commit-decisions.ts";
import { describeSetBack } from "@seatline/shared/db/load-partitions.ts";
import type { RedoRow } from "@seatline/shared/db/redo.ts";
import type { ShowHead } from "@seatline/shared/db/load-shows.ts";
import { restoreShows, restoreUsage } from "@seatline/shared/db/restore.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Extents } from "@seatline/shared/line/broker.ts";
import {
  decideBatch,
  digestMessage,
  needsBatchOfItsOwn,
  positionAfter,
  readMessage,
} from "@seatline/shared/line/batch.ts";
import type { Position, ReadMessage } from "@seatline/shared/line/batch.ts";
import type { LineConsumer } from "@seatline/shared/line/consumer.ts";
import type { LineMessage } from "@seatline/shared/line/feed.ts";
import { findTopicMismatch } from "@seatline/shared/line/line-id.ts";
import type { Publisher } from "@seatline/shared/line/publisher.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import type { GiveUp } from "@seatline/shared/runtime/lifecycle.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { DecisionClock } from "./decision-clock.ts";
import { listSurplusShows } from "./kept-shows.ts";
import { publishRecord, publishStored } from "./publish-records.ts";
import { Recovery } from "./recovery.ts";
import { REDO_MAX, Redo } from "./redo.ts";
import type { Trouble } from "./recovery.ts";

type LoopDeps = {
  readonly bounds: Bounds;
  readonly host: Host;
  readonly store: Store;
  readonly consumer: LineConsumer;
  readonly publisher: Publisher;
  readonly extents: Extents;
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
  readonly redo: Redo;
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
  /** Waited for something since the last commit. */
  #hasWaited = false;
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
      const again = owned.redo.at(owned.position.next);
      if (owned.redo.isUsedUp) return { kind: "feed" };
      const messages = await this.#collect(owned, again); // 2
      if ("kind" in messages) return this.#stopped ? null : messages;
      await this.#prefetch(owned, messages); // 3
      const batch = this.#decide(owned, messages, again); // 4
      if ("kind" in batch) return batch;
      this.#compare(batch, again);
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
    const { store, consumer } = this.#deps;
    const rows = await store.loadPartitions();
    const row = rows[this.partition];
    if (row === undefined) return this.#leaveSurplus(rows.length);
    if (row.nextOffset < this.#next) {
      return { kind: "foreign", sentence: describeSetBack(row, this.#next) };
    }
    // At once: what follows may take seconds, and a clock that began later would be late for ever.
    const clock = new DecisionClock(row.clockMs, this.#deps);
    this.#next = row.nextOffset;
    this.#isWaiting = false;
    const mismatch = await findTopicMismatch(store, this.#deps.extents);
    if (mismatch !== null) return mismatch;
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
    const known = { partition: this.partition, from: row.nextOffset, limit: REDO_MAX };
    return {
      redo: new Redo(await store.loadRedo(known)),
      position: {
        partition: this.partition,
        partitionCount: rows.length,
        next: row.nextOffset,
        tail: row.tail,
        logClock: row.logClock,
      },
      state: buildLineState(this.#deps.bounds),
      heads: new Map(),
      carry: [],
      prefetched: [],
      clock,
    };
  }

  /** Somebody gave the topic more partitions. Requests never go there: they are spread by the line's number. */
  #leaveSurplus(partitionCount: number): Trouble {
    const words =
      "the topic was given more partitions than its line has; nobody reads this one, and no gateway writes to it";
    this.#deps.log.error({ partition: this.partition, partitionCount }, words);
    this.#stopped = true;
    // What may stand there is waited for by nobody.
    this.#isWaiting = true;
    return { kind: "feed" };
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
    return { kind: "foreign", sentence };
  }

  /** 2. Messages without a gap from the next undecided offset on. */
  async #collect(owned: Owned, again: RedoRow | undefined): Promise<ReadMessage[] | Trouble> {
    const { messagesMax } = this.#recovery;
    const { next } = owned.position;
    const max = Math.min(messagesMax, again === undefined ? messagesMax : again.next - next);
    if (owned.carry.length > 0) return owned.carry.splice(0, max);
    const messages: LineMessage[] = [];
    // A batch that was decided before is decided whole again: all of it stands in the topic.
    const wanted = again === undefined ? 1 : max;
    while (messages.length < wanted) {
      const taken = await this.#takeMessages(max - messages.length);
      if (typeof taken === "string") return { kind: FEED_TROUBLES[taken] };
      messages.push(...taken);
    }
    assert(messages[0]?.offset === next, "the feed hands out what is wanted next");
    return messages.map((message) => readMessage(message, owned.position, this.#recovery.poison));
  }

  async #takeMessages(messagesMax: number) {
    const feed = this.#deps.consumer.feedOf(this.partition);
    const bounds = { messagesMax, bytesMax: BATCH_BYTES_MAX, timeoutMs: IDLE_TIMEOUT_MS };
    for (;;) {
      const messages = await feed.take(bounds);
      if (messages === "timeout") continue;
      if (typeof messages !== "string") this.#deps.consumer.resume(this.partition);
      return messages;
    }
  }

  /** 3. Loads what the batch names and memory lacks. */
  async #prefetch(owned: Owned, messages: readonly ReadMessage[]): Promise<void> {
    const { store } = this.#deps;
    const { state, heads } = owned;
    const requests = messages.map(({ request }) => request).filter((request) => request !== null);
    const ids = requests.map(readIds);
    const missing = ids
      .map(({ bookingId }) => bookingId)
      .filter((id) => id !== null)
      .filter((id) => !state.bookings.has(id));
    const loaded = missing.length === 0 ? [] : await store.loadBookings([...new Set(missing)]);
    const [first] = requests;
    if (first?.kind === "change-show" && needsBatchOfItsOwn(first)) {
      const page = {
        showId: first.showId,
        after: first.after ?? -1,
        limit: cancelPageOf(state.bounds),
      };
      loaded.push(...(await store.loadToCancel(page)));
    }
    for (const booking of loaded) state.bookings.set(booking.id, booking);
    owned.prefetched = loaded.map(({ id }) => id);
    const showIds = [...ids, ...loaded].map(({ showId }) => showId).filter((id) => id !== null);
    const unknown = [...new Set(showIds)].filter((id) => !state.shows.has(id));
    for (const [id, head] of await restoreShows(store, state, unknown)) heads.set(id, head);
    const books = requests.filter((request) => request.kind === "book");
    await restoreUsage(store, state, [...books, ...loaded]);
  }

  /** 4. The fold. */
  #decide(
    owned: Owned,
    messages: readonly ReadMessage[],
    again: RedoRow | undefined,
  ): Batch | Trouble {
    const { position, state, heads, clock } = owned;
    const { host } = this.#deps;
    const until = host.monotonicMs() + DECIDING_MS_MAX;
    const mayGoOn = () => again !== undefined || host.monotonicMs() < until;
    const now = again?.now ?? clock.read();
    const batch = decideBatch(position, messages, { state, heads, now, mayGoOn });
    if ("failedAt" in batch) {
      return { kind: "core", offset: batch.failedAt, error: batch.error };
    }
    owned.clock.watch(batch.logClock);
    owned.carry = [...messages.slice(batch.record.entries.length), ...owned.carry];
    return batch;
  }

  /** What is decided a second time is the same to the last byte, unless another version decides it. */
  #compare(batch: Batch, again: RedoRow | undefined): void {
    if (again === undefined || batch.tail === again.tail) return;
    const facts = { partition: this.partition, first: batch.record.first, next: batch.record.next };
    const words =
      "what was decided before the restored backup is decided again, but not recorded in the same words";
    this.#deps.log.warn(facts, words);
  }

  /** 5. One statement. False if the partition is not ours any more. */
  async #commit(owned: Owned, batch: Batch): Promise<boolean> {
    const { committed, clockMs } = await this.#deps.store.commitDecisions(batch);
    if (!committed) return false;
    owned.clock.set(clockMs);
    owned.position = positionAfter(owned.position, batch);
    this.#next = owned.position.next;
    if (this.#hasWaited) {
      this.#deps.log.info({ partition: this.partition, next: this.#next }, "the line goes on");
    }
    this.#hasWaited = false;
    this.#recovery.noteCommitted(batch.deadLetters);
    for (const { offset, fault } of batch.deadLetters) {
      const words =
        "parked a dead letter: it stands in the table dead_letters with its bytes, and its owner was told internal";
      this.#deps.log.error({ partition: this.partition, offset, fault }, words);
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
    const { host } = this.#deps;
    const advice = this.#recovery.advise(trouble, this.#next, host.monotonicMs());
    const { level, words, backOffMs, isWaiting, giveUp } = advice;
    const err = "error" in trouble ? trouble.error : undefined;
    const facts = { partition: this.partition, next: this.#next, kind: trouble.kind, err };
    this.#deps.log[level](facts, words);
    if (giveUp !== null) {
      this.#deps.giveUp(giveUp.why, giveUp.error);
      return false;
    }
    this.#isWaiting = isWaiting;
    this.#hasWaited ||= isWaiting;
    await host.pause(backOffMs);
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
