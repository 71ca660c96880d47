/**
 * Reads a whole topic, every partition, from its present end on. For readers that keep their own account
 * of what they have seen: it may hand out a message twice, and it may miss one around a reconnect.
 */
import { randomUUID } from "node:crypto";

import type { Consumer } from "kafkajs";

import { connectConsumer, guard, subscribe } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";

export type TailMessage = {
  readonly partition: number;
  readonly offset: number;
  readonly text: string;
};

type TailReaderOptions = KafkaAddress & {
  readonly topic: string;
  readonly onMessage: (message: TailMessage) => void;
  /** The first join: from here on, what is published is handed out. */
  readonly onJoined: () => void;
  /** The reader died for good: kafkajs does not start it again. */
  readonly onCrash: (error: Error) => void;
};

const SESSION_TIMEOUT_MS = 10_000;
const FETCH_WAIT_MS = 500;
const FETCH_BYTES_MAX = 32 * 1024 * 1024;

export class TailReader {
  readonly #options: TailReaderOptions;
  readonly #consumer: Consumer;

  constructor(options: TailReaderOptions) {
    this.#options = options;
    // A group of its own: every reader reads everything, and nothing of it outlives the process.
    const groupId = `${options.clientId}-${randomUUID()}`;
    this.#consumer = connectConsumer(
      { ...options, groupId, sessionTimeoutMs: SESSION_TIMEOUT_MS },
      { maxWaitTimeInMs: FETCH_WAIT_MS, maxBytes: FETCH_BYTES_MAX },
    );
  }

  /** Joins and reads until `close`. */
  async run(): Promise<void> {
    const { topic, log, onMessage, onJoined } = this.#options;
    this.#consumer.on("consumer.group_join", () => {
      guard(log, onJoined);
    });
    await subscribe(this.#consumer, { topic, fromBeginning: false });
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
    await this.#consumer.disconnect();
  }
}
