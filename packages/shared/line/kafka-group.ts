/** A member of a consumer group of Kafka. */
import type { Batch, Consumer, ConsumerEndBatchProcessEvent, EachBatchPayload } from "kafkajs";

import type { GroupOptions, GroupReader } from "./broker.ts";
import { connectConsumer, guard, leave, subscribeWhenUp } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";

const REBALANCE_TIMEOUT_MS = 10_000;
/** How long a fetch may hang when nothing comes; a seek or a resume takes effect after it. */
const FETCH_WAIT_MS = 250;
const PARTITIONS_CONCURRENT = 64;

type EndBatchProcess = Pick<
  ConsumerEndBatchProcessEvent["payload"],
  "partition" | "lastOffset" | "batchSize"
> & { readonly firstOffset: string | null };

export class KafkaGroupReader implements GroupReader {
  readonly #address: KafkaAddress;
  readonly #options: GroupOptions;
  readonly #consumer: Consumer;
  readonly #paused = new Map<number, () => void>();
  readonly #over = new AbortController();

  constructor(address: KafkaAddress, options: GroupOptions) {
    this.#address = address;
    this.#options = options;
    const { groupId, sessionTimeoutMs, events } = options;
    this.#consumer = connectConsumer(
      { ...address, groupId, sessionTimeoutMs, ...events },
      { rebalanceTimeout: REBALANCE_TIMEOUT_MS, maxWaitTimeInMs: FETCH_WAIT_MS },
    );
  }

  async run(): Promise<void> {
    const { topic, events } = this.#options;
    this.#consumer.on("consumer.group_join", ({ payload }) => {
      this.#guard(() => {
        events.onAssigned(payload.memberAssignment[topic] ?? []);
      });
    });
    this.#consumer.on("consumer.fetch_start", ({ payload: { nodeId } }) => {
      events.onFetch(nodeId, true);
    });
    this.#consumer.on("consumer.fetch", ({ payload: { nodeId } }) => {
      events.onFetch(nodeId, false);
    });
    this.#consumer.on("consumer.end_batch_process", ({ payload }) => {
      this.#guard(() => {
        this.#handHidden(payload);
      });
    });
    const { log } = this.#address;
    const over = this.#over.signal;
    await subscribeWhenUp(this.#consumer, { topic, fromBeginning: true, log, over });
    if (over.aborted) return;
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

  seek(partition: number, offset: number): void {
    this.#guard(() => {
      try {
        this.#consumer.seek({ topic: this.#options.topic, partition, offset: String(offset) });
      } catch (error) {
        // While it joins again it has no partitions: they are handed out anew, and sought anew, after that.
        this.#address.log.debug({ err: error, partition }, "sought outside of the group");
      }
    });
  }

  /** Cheap where nothing was paused. */
  resume(partition: number): void {
    const resume = this.#paused.get(partition);
    if (resume === undefined) return;
    this.#paused.delete(partition);
    this.#guard(resume);
  }

  async commitOffset(partition: number, offset: number): Promise<void> {
    const { topic } = this.#options;
    await this.#consumer.commitOffsets([{ topic, partition, offset: String(offset) }]);
  }

  async close(): Promise<void> {
    this.#over.abort();
    await leave(this.#consumer, this.#address.log);
  }

  #hand(payload: EachBatchPayload): void {
    const { partition } = payload.batch;
    const all = readAll(payload.batch);
    let shown = 0;
    const messages = all.map(({ offset, timestamp, key, value }) => {
      const isHidden = offset !== payload.batch.messages[shown]?.offset;
      if (!isHidden) shown += 1;
      const content = isHidden ? { key: null, value: null } : { key, value };
      return { offset: Number(offset), appendedAt: Number(timestamp), ...content, isHidden };
    });
    const taken = this.#options.events.onMessages(partition, messages);
    if (taken < all.length) this.#paused.set(partition, payload.pause());
    const last = all[taken - 1];
    if (last !== undefined) payload.resolveOffset(last.offset);
  }

  /** kafkajs does not hand out a batch of which it shows nothing, but tells that it had one. */
  #handHidden({ partition, firstOffset, lastOffset, batchSize }: EndBatchProcess): void {
    if (batchSize > 0 || firstOffset === null) return;
    const first = Number(firstOffset);
    const messages = Array.from({ length: Number(lastOffset) - first + 1 }, (_, index) => {
      return { offset: first + index, appendedAt: 0, key: null, value: null, isHidden: true };
    });
    this.#options.events.onMessages(partition, messages);
  }

  #guard(work: () => void): void {
    guard(this.#address.log, work);
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
