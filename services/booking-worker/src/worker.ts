/**
 * Runs one loop for each partition that the group gives us, and watches that they get on. A worker
 * that stands still without a known reason ends itself: another, or its own restart, goes on.
 */
import type { Bounds } from "@seatline/shared/core/bounds.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Broker, Extents } from "@seatline/shared/line/broker.ts";
import { LineConsumer } from "@seatline/shared/line/consumer.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import type { Checks } from "@seatline/shared/runtime/health.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import type { GiveUp } from "@seatline/shared/runtime/lifecycle.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";
import { repeat } from "@seatline/shared/runtime/repeat.ts";
import type { Repeated } from "@seatline/shared/runtime/repeat.ts";
import { watchStandstill } from "@seatline/shared/runtime/standstill.ts";

import { PartitionLoop } from "./partition-loop.ts";

type WorkerDeps = {
  readonly bounds: Bounds;
  readonly host: Host;
  readonly store: Store;
  readonly broker: Broker;
  readonly topics: Topics;
  readonly log: Log;
  readonly giveUp: GiveUp;
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly publishDeadlineMs: number;
};

/** Several full batches with all their events. */
const PUBLISH_QUEUE_MAX = 200_000;
const WATCH_INTERVAL_MS = 5_000;
/** No progress for so long, with messages waiting and nothing known to be wrong: give up. */
const STUCK_MAX_MS = 30_000;
/** Before that, its messages are read again: what the consumer was not shown may show itself then. */
const REREAD_AFTER_MS = 8_000;
/** Not in the group for so long while the broker answers: give up. */
const UNJOINED_MAX_MS = 60_000;

export class Worker {
  readonly #deps: WorkerDeps;
  readonly #consumer: LineConsumer;
  readonly #publisher: Publisher;
  readonly #extents: Extents;
  readonly #loops = new Map<number, { loop: PartitionLoop; done: Promise<void> }>();
  /** Loops that lost their partition and finish their last batch. */
  readonly #leaving = new Set<Promise<void>>();
  /** Since when each partition stands at its offset though it should move. */
  readonly #standing = new Map<number, { next: number; since: number }>();
  #joined = false;
  #unjoinedSince: number;
  #brokerAnswers = false;
  #watch: Repeated | undefined;
  #endStandstillWatch = () => {};
  #closing = false;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
    this.#unjoinedSince = deps.host.monotonicMs();
    this.#extents = deps.broker.buildExtents(deps.topics.requests);
    this.#publisher = new Publisher({
      ...deps,
      deadlineMs: deps.publishDeadlineMs,
      queueMax: PUBLISH_QUEUE_MAX,
    });
    this.#consumer = new LineConsumer({
      ...deps,
      topic: deps.topics.requests,
      onAssigned: (partitions) => {
        this.#assign(partitions);
      },
      onCrash: (error) => {
        deps.giveUp("the consumer died", describeCrash(error, deps.sessionTimeoutMs));
      },
    });
  }

  /** Ready means: in the group, and able to publish. An idle second worker is ready too. */
  get checks(): Checks {
    return {
      group: this.#joined ? "ok" : "down",
      kafka: this.#brokerAnswers && this.#publisher.isConnected ? "ok" : "down",
    };
  }

  async run(): Promise<void> {
    this.#publisher.connect();
    await this.#consumer.run();
    const { host, log, sessionTimeoutMs } = this.#deps;
    this.#endStandstillWatch = watchStandstill({
      host,
      limitMs: sessionTimeoutMs,
      onStandstill: (silentMs) => {
        log.warn(
          { silentMs: Math.round(silentMs), sessionTimeoutMs },
          "this process stood still for longer than a session: others have its partitions by now, what it had begun is refused, and it joins the group again",
        );
      },
    });
    this.#watch = repeat(() => this.#watchOnce(), { host, intervalMs: WATCH_INTERVAL_MS });
  }

  /** Commits and publishes what is decided, then leaves the group. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#endStandstillWatch();
    // Not awaited: with the broker away its look takes longer than a stop may.
    void this.#watch?.close();
    for (const partition of this.#loops.keys()) this.#end(partition);
    await Promise.all(this.#leaving);
    await this.#consumer.close();
    await Promise.all([this.#publisher.close(), this.#extents.close()]);
  }

  /** After every join the partitions are taken anew: what happened meanwhile, Postgres knows. */
  #assign(partitions: readonly number[]): void {
    if (this.#closing) return;
    this.#joined = true;
    this.#deps.log.info({ partitions }, "partitions assigned");
    this.#standing.clear();
    for (const partition of this.#loops.keys()) this.#end(partition);
    for (const partition of partitions) {
      const loop = new PartitionLoop(partition, {
        ...this.#deps,
        consumer: this.#consumer,
        publisher: this.#publisher,
        extents: this.#extents,
      });
      const before = Promise.all(this.#leaving);
      this.#loops.set(partition, { loop, done: before.then(() => loop.run()) });
    }
  }

  #end(partition: number): void {
    const entry = this.#loops.get(partition);
    if (entry === undefined) return;
    this.#loops.delete(partition);
    entry.loop.stop();
    this.#leaving.add(entry.done);
    void entry.done.finally(() => this.#leaving.delete(entry.done));
  }

  async #watchOnce(): Promise<void> {
    const { host, log, giveUp } = this.#deps;
    try {
      const ends = await this.#extents.load();
      if (!this.#brokerAnswers) log.info("the broker answers");
      this.#brokerAnswers = true;
      this.#watchMembership();
      for (const [partition, { loop }] of this.#loops) {
        const { next, isWaiting } = loop.progress;
        const lag = (ends.get(partition)?.end ?? 0) - next;
        const stoodMs = this.#measureStand(partition, next, lag > 0 && !isWaiting);
        if (stoodMs > STUCK_MAX_MS) {
          giveUp(`partition ${partition} stands at ${next} with ${lag} requests waiting`);
        } else if (stoodMs > REREAD_AFTER_MS) loop.readAgain();
      }
      await this.#commitOffsets();
    } catch (error) {
      // Without a broker there is nothing to watch; kafkajs tries to reach it again.
      this.#unjoinedSince = host.monotonicMs();
      const level = this.#brokerAnswers ? "warn" : "debug";
      log[level](
        { err: error },
        "the broker does not answer; the line waits, and goes on by itself",
      );
      this.#brokerAnswers = false;
    }
  }

  /** For tools that watch the lag; while the group is being joined Kafka takes none. */
  async #commitOffsets(): Promise<void> {
    try {
      for (const [partition, { loop }] of this.#loops) {
        await this.#consumer.commitOffset(partition, loop.progress.next);
      }
    } catch (error) {
      this.#deps.log.debug({ err: error }, "Kafka took no offsets; it will next time");
    }
  }

  /** For how long the partition should have moved on and did not, in milliseconds. */
  #measureStand(partition: number, next: number, shouldMove: boolean): number {
    const now = this.#deps.host.monotonicMs();
    const known = this.#standing.get(partition);
    if (!shouldMove || known?.next !== next) {
      this.#standing.set(partition, { next, since: now });
      return 0;
    }
    return now - known.since;
  }

  #watchMembership(): void {
    if (this.#joined) return;
    if (this.#deps.host.monotonicMs() - this.#unjoinedSince > UNJOINED_MAX_MS) {
      this.#deps.giveUp(
        "the broker answers, but the consumer group has not taken this worker in for a minute",
      );
    }
  }
}

/** The one refusal of the broker that a setting of ours is the reason for, as a sentence about it. */
function describeCrash(error: Error, sessionTimeoutMs: number): Error {
  if (!("type" in error) || error.type !== "INVALID_SESSION_TIMEOUT") return error;
  const sentence = `SESSION_TIMEOUT_MS is ${sessionTimeoutMs}, which the broker does not take: set it between the broker's group.min.session.timeout.ms (6000 unless lowered) and group.max.session.timeout.ms`;
  return new ConfigError([sentence], { cause: error });
}
