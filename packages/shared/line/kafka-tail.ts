/** Reads a whole topic of Kafka from its present end on. */
import { randomUUID } from "node:crypto";

import type { Consumer } from "kafkajs";

import type { TailOptions, TailReader } from "./broker.ts";
import { connectConsumer, guard, leave, subscribeWhenUp } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";

const SESSION_TIMEOUT_MS = 10_000;
const FETCH_WAIT_MS = 500;
const FETCH_BYTES_MAX = 32 * 1024 * 1024;

export class KafkaTailReader implements TailReader {
  readonly #address: KafkaAddress;
  readonly #options: TailOptions;
  readonly #consumer: Consumer;
  readonly #over = new AbortController();

  constructor(address: KafkaAddress, options: TailOptions) {
    this.#address = address;
    this.#options = options;
    // A group of its own: every reader reads everything, and nothing of it outlives the process.
    const groupId = `${address.clientId}-${randomUUID()}`;
    const { onCrash } = options;
    this.#consumer = connectConsumer(
      { ...address, onCrash, groupId, sessionTimeoutMs: SESSION_TIMEOUT_MS },
      { maxWaitTimeInMs: FETCH_WAIT_MS, maxBytes: FETCH_BYTES_MAX },
    );
  }

  async run(): Promise<void> {
    const { topic, onMessage, onJoined } = this.#options;
    const { log } = this.#address;
    this.#consumer.on("consumer.group_join", () => {
      guard(log, onJoined);
    });
    const over = this.#over.signal;
    await subscribeWhenUp(this.#consumer, { topic, fromBeginning: false, log, over });
    if (over.aborted) return;
    await this.#consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        guard(log, () => {
          const { partition, messages } = batch;
          for (const { offset, value } of messages) {
            const text = value?.toString("utf8");
            if (text !== undefined) onMessage({ partition, offset: Number(offset), text });
          }
        });
        return Promise.resolve();
      },
    });
  }

  async close(): Promise<void> {
    this.#over.abort();
    await leave(this.#consumer, this.#address.log);
  }
}
