/**
 * Takes part in a consumer group and hands each partition's messages to its feed. Reading is thus
 * apart from deciding: a slow partition holds up no other, and the next batch stands ready.
 *
 * Kafka's committed offsets are only for lag tools; what has been decided is what Postgres says.
 */
import type { Batch, Consumer, ConsumerEndBatchProcessEvent, EachBatchPayload } from "kafkajs";

import { Feed } from "./feed.ts";
import { connectConsumer, guard, subscribe } from "./kafka.ts";
import type { ConsumerOptions } from "./kafka.ts";

export type LineConsumerOptions = Omit<ConsumerOptions, "onDisconnect"> & {
  readonly topic: string;
  /** After each (re)join: the partitions that are ours now, all of them. */
  readonly onAssigned: (partitions: readonly number[]) => void;
};

const REBALANCE_TIMEOUT_MS = 10_000;
/** How long a fetch may hang when nothing comes; a seek or a resume takes effect after it. */
const FETCH_WAIT_MS = 250;
/** One fetch follows the other at once; a process that was frozen in between is late. */
const FETCH_GAP_MAX_MS = 2_000;
const PARTITIONS_CONCURRENT = 64;

type EndBatchProcess = Pick<
  ConsumerEndBatchProcessEvent["payload"],
  "partition" | "lastOffset" | "batchSize"
> & { readonly firstOffset: string | null };

export class LineConsumer {
  readonly #options: LineConsumerOptions;
  readonly #consumer: Consumer;
  readonly #feeds = new Map<number, Feed>();
  readonly #paused = new Map<number, () => void>();
  /** By broker: whether a fetch is out, and when the last one began or ended. */
  readonly #fetches = new Map<number, { isOut: boolean; at: number }>();

  constructor(options: LineConsumerOptions) {
    this.#options = options;
    const onDisconnect = () => {
      this.#doubt();
    };
    this.#consumer = connectConsumer(
      { ...options, onDisconnect },
      { rebalanceTimeout: REBALANCE_TIMEOUT_MS, maxWaitTimeInMs: FETCH_WAIT_MS },
    );
  }

  /** Joins the group and reads until `close`. */
  async run(): Promise<void> {
    const { topic, onAssigned } = this.#options;
    this.#consumer.on("consumer.group_join", ({ payload }) => {
      this.#guard(() => {
        this.#fetches.clear();
        onAssigned(payload.memberAssignment[topic] ?? []);
      });
    });
    this.#consumer.on("consumer.fetch_start", ({ payload: { nodeId } }) => {
      this.#noteFetch(nodeId, true);
    });
    this.#consumer.on("consumer.fetch", ({ payload: { nodeId } }) => {
      this.#noteFetch(nodeId, false);
    });
    this.#consumer.on("consumer.end_batch_process", ({ payload }) => {
      this.#guard(() => {
        this.#handHidden(payload);
      });
    });
    await subscribe(this.#consumer, { topic, fromBeginning: true });
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: PARTITIONS_CONCURRENT,
      // Nothing may be thrown in here: kafkajs would retry, crash and restart without progress.
      eachBatch: (payload) => {
        this.#guard(() => {
          this.#hand(payload);
        });
        return Promise.resolve();
      },
    });
  }

  /** The feed of a partition; the same object for the consumer's life. */
  feedOf(partition: number): Feed {
    let feed = this.#feeds.get(partition);
    if (feed === undefined) {
      feed = new Feed();
      this.#feeds.set(partition, feed);
    }
    return feed;
  }

  /** Starts the partition's feed at `offset`. The seek is a short cut: the feed decides what it takes. */
  startFeed(partition: number, offset: number): Feed {
    const feed = this.feedOf(partition);
    feed.start(offset);
    this.resume(partition);
    this.#guard(() => {
      this.#consumer.seek({ topic: this.#options.topic, partition, offset: String(offset) });
    });
    return feed;
  }

  /** Reads a partition again whose feed was full. Cheap when it was not. */
  resume(partition: number): void {
    const resume = this.#paused.get(partition);
    if (resume === undefined) return;
    this.#paused.delete(partition);
    this.#guard(resume);
  }

  /** Tells Kafka how far a partition is decided, for tools that watch the lag. */
  async commitOffset(partition: number, offset: number): Promise<void> {
    const { topic } = this.#options;
    await this.#consumer.commitOffsets([{ topic, partition, offset: String(offset) }]);
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds.values()) feed.stop();
    await this.#consumer.disconnect();
  }

  /**
   * A topic that is deleted and made again has the same name and the same offsets. Whoever reads on
   * there sees no gap; all that tells is that one fetch did not follow the other without a break. So
   * after a fetch that failed, or came late, the log is in doubt.
   */
  #noteFetch(nodeId: number, isOut: boolean): void {
    const now = performance.now();
    const last = this.#fetches.get(nodeId);
    this.#fetches.set(nodeId, { isOut, at: now });
    if (!isOut || last === undefined) return;
    if (last.isOut || now - last.at > FETCH_GAP_MAX_MS) this.#doubt();
  }

  #doubt(): void {
    for (const feed of this.#feeds.values()) feed.doubt();
  }

  #hand(payload: EachBatchPayload): void {
    const { batch } = payload;
    const feed = this.feedOf(batch.partition);
    let shown = 0;
    for (const { offset, timestamp, key, value } of readAll(batch)) {
      const isHidden = offset !== batch.messages[shown]?.offset;
      if (!isHidden) shown += 1;
      const answer = feed.offer({
        offset: Number(offset),
        appendedAt: Number(timestamp),
        key: isHidden ? null : key,
        value: isHidden ? null : value,
        isHidden,
      });
      if (answer === "full") {
        this.#paused.set(batch.partition, payload.pause());
        return;
      }
      payload.resolveOffset(offset);
    }
  }

  /** kafkajs does not hand out a batch of which it shows nothing, but tells that it had one. */
  #handHidden({ partition, firstOffset, lastOffset, batchSize }: EndBatchProcess): void {
    if (batchSize > 0 || firstOffset === null) return;
    const feed = this.feedOf(partition);
    for (let offset = Number(firstOffset); offset <= Number(lastOffset); offset++) {
      feed.offer({ offset, appendedAt: 0, key: null, value: null, isHidden: true });
    }
  }

  #guard(work: () => void): void {
    guard(this.#options.log, work);
  }
}

/**
 * Everything that was read, in order: `messages`, and between them what kafkajs shows to nobody, the
 * marks of transactions and the messages of aborted ones. They are no gap in the log. Its types do not
 * tell of this member.
 */
function readAll(batch: Batch): Batch["messages"] {
  const { messagesWithinOffset } = batch as Batch & {
    readonly messagesWithinOffset: Batch["messages"];
  };
  return messagesWithinOffset;
}
