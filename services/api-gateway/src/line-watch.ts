/**
 * Follows the lines from outside the topic: once a second it compares what this gateway knows with
 * what Postgres and the broker say, fetches what got lost, and knows whether the door may stay open.
 */
import { describeSetBack } from "@seatline/shared/db/load-partitions.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Extents } from "@seatline/shared/line/broker.ts";
import { findTopicMismatch } from "@seatline/shared/line/line-id.ts";
import type { Publisher } from "@seatline/shared/line/publisher.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import type { Checks } from "@seatline/shared/runtime/health.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import { repeat } from "@seatline/shared/runtime/repeat.ts";
import type { Repeated } from "@seatline/shared/runtime/repeat.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import type { Line } from "./line.ts";
import type { Reads } from "./reads.ts";
import type { LineMemory } from "./line-memory.ts";

type LineWatchDeps = {
  readonly host: Host;
  readonly log: Log;
  /** A connection of its own. */
  readonly store: Pick<Store, "loadPartitions" | "findLine">;
  readonly reads: Reads;
  readonly extents: Extents;
  readonly publisher: Publisher;
  readonly memory: LineMemory;
  readonly line: Line;
};

const LOOK_INTERVAL_MS = 1_000;
/** So often in a row the topic brought nothing that Postgres had: then outcomes do not flow. */
const MISSES_MAX = 5;

export class LineWatch {
  readonly #deps: LineWatchDeps;
  #repeated: readonly Repeated[] = [];
  #postgres = false;
  #broker = false;
  #joined = false;
  #misses = 0;
  #isMissing = false;
  /** Partitions whose lines are known to stand. */
  readonly #standing = new Set<number>();
  /** What Postgres said at the last look; what is not here by the next one got lost. */
  #expected: readonly number[] = [];

  constructor(deps: LineWatchDeps) {
    this.#deps = deps;
  }

  get checks(): Checks<"kafka" | "outcomes" | "postgres"> {
    const { publisher, line } = this.#deps;
    return {
      kafka: this.#broker && publisher.isConnected && !line.isReplaced ? "ok" : "down",
      outcomes: this.#joined && this.#misses < MISSES_MAX ? "ok" : "down",
      postgres: this.#postgres ? "ok" : "down",
    };
  }

  /** The reader of outcomes has joined, again perhaps: what was published meanwhile is fetched at once. */
  noteJoined(): void {
    this.#joined = true;
    const { memory } = this.#deps;
    for (let partition = 0; partition < memory.partitionCount; partition++) {
      void memory.fill(partition);
    }
  }

  /** Throws a ConfigError where the topic is not the one that the database was made with. */
  async expectOwnTopic(): Promise<void> {
    const mismatch = await findTopicMismatch(this.#deps.store, this.#deps.extents);
    if (mismatch !== null) throw new ConfigError([mismatch.sentence]);
  }

  start(): void {
    this.#postgres = true;
    // Apart: a broker that is silent must not keep us from seeing that Postgres is back.
    const often = { host: this.#deps.host, intervalMs: LOOK_INTERVAL_MS };
    this.#repeated = [
      repeat(() => this.#lookAtPostgres(), often),
      repeat(() => this.#lookAtBroker(), often),
      repeat(() => this.#lookAtTopic(), often),
    ];
  }

  close(): void {
    // Not awaited: with Postgres or the broker away its look takes longer than a stop may.
    for (const { close } of this.#repeated) void close();
  }

  async #lookAtPostgres(): Promise<void> {
    const { store, reads, memory, line, log } = this.#deps;
    // Before the look: what the topic has told is committed, and a later look must see it.
    const told = Array.from({ length: memory.partitionCount }, (_, at) => memory.line(at).next);
    try {
      const rows = await store.loadPartitions();
      if (!this.#postgres) log.info("Postgres is back");
      this.#postgres = true;
      reads.noteAway(false);
      const lost = rows.filter(
        ({ partition }) => memory.line(partition).next < this.#expect(partition),
      );
      this.#misses = lost.length === 0 ? 0 : this.#misses + 1;
      for (const row of rows) {
        const known = Math.max(this.#expect(row.partition), told[row.partition] ?? 0);
        if (row.nextOffset < known) line.refuse(describeSetBack(row, known));
      }
      this.#expected = rows.map(({ nextOffset }) => nextOffset);
      for (const { partition } of lost) {
        log.info({ partition }, "outcomes did not come through the topic; fetching them");
        await memory.fill(partition);
      }
    } catch (error) {
      if (this.#postgres)
        log.warn(
          { err: error },
          "Postgres is away; requests queue in the line, reads that need it are 503",
        );
      this.#postgres = false;
      reads.noteAway(true);
    }
  }

  #expect(partition: number): number {
    return this.#expected[partition] ?? 0;
  }

  async #lookAtBroker(): Promise<void> {
    const { extents, memory, log } = this.#deps;
    try {
      for (const [partition, { end }] of await extents.load()) {
        if (partition < memory.partitionCount) memory.noteEnd(partition, end);
      }
      if (!this.#broker) log.info("the broker answers");
      this.#broker = true;
      this.#tellStanding();
    } catch (error) {
      if (this.#broker)
        log.warn({ err: error }, "the broker is away; every request is 503 until it is back");
      this.#broker = false;
    }
  }

  /** A line that stands is told by nobody else: its worker may be gone. */
  #tellStanding(): void {
    const { memory, log } = this.#deps;
    for (let partition = 0; partition < memory.partitionCount; partition++) {
      const { stalled, next, end } = memory.line(partition);
      const facts = { partition, next, waiting: end - next };
      if (stalled && !this.#standing.has(partition)) {
        const words =
          "the line stands: requests wait and none is decided. Does a booking-worker run, and what does it log?";
        log.warn(facts, words);
        this.#standing.add(partition);
      }
      if (!stalled && this.#standing.delete(partition)) log.info(facts, "the line goes on");
    }
  }

  async #lookAtTopic(): Promise<void> {
    const { store, extents, line, log } = this.#deps;
    try {
      const mismatch = await findTopicMismatch(store, extents);
      if (mismatch?.kind === "foreign") line.refuse(mismatch.sentence);
      // One that is missing takes no requests anyway, and may come back.
      if (mismatch?.kind === "missing" && !this.#isMissing) log.error(mismatch.sentence);
      this.#isMissing = mismatch?.kind === "missing";
    } catch (error) {
      // That Postgres or the broker is away, the other looks tell.
      log.debug({ err: error }, "the topic could not be looked at");
    }
  }
}
