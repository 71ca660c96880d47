/**
 * Puts messages into topics and waits for the broker's ack. One send is out at a time, and all that
 * arrives meanwhile goes with the next: batches size themselves, and no timer delays anybody.
 *
 * It never sends a message twice. A send that fails or takes too long is unknown, not failed: its
 * messages may yet stand in the topic, and only whoever asked knows what a repetition means.
 */
import { setTimeout as pause } from "node:timers/promises";

import { Partitioners } from "kafkajs";
import type { Producer } from "kafkajs";

import { withDeadline } from "../runtime/deadline.ts";
import { connectKafka } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";

export type OutgoingMessage = {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
};

export type PublishResult =
  | { readonly status: "acked"; readonly offset: number }
  /** Too much waits already; nothing was sent. */
  | { readonly status: "full" }
  /** No ack in time; the message may or may not be in the topic. */
  | { readonly status: "unknown" };

type PublisherOptions = KafkaAddress & {
  /** How long one message may wait for its ack, queueing included. */
  readonly deadlineMs: number;
  /** How many messages may wait. */
  readonly queueMax: number;
};

type Waiting = {
  readonly message: OutgoingMessage;
  readonly since: number;
  readonly settle: (result: PublishResult) => void;
};

const SEND_MESSAGES_MAX = 1_000;
const SEND_BYTES_MAX = 4 * 1024 * 1024;
const RECONNECT_FIRST_MS = 50;
const RECONNECT_MAX_MS = 1_000;
const CLOSE_TIMEOUT_MS = 2_000;
const CLOSE_LOOK_MS = 10;
/** The queue is looked through so often per deadline: how late somebody may be told. */
const EXPIRY_LOOKS_PER_DEADLINE = 4;

export class Publisher {
  readonly #options: PublisherOptions;
  readonly #queue: Waiting[] = [];
  #sending: readonly Waiting[] = [];
  #producer: Producer | undefined;
  #pumping = false;
  #closed = false;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Whether there is a connection that has not failed yet. */
  get isConnected(): boolean {
    return this.#producer !== undefined;
  }

  /** Connects in the background, now and whenever the connection was lost. */
  connect(): void {
    void this.#pump();
  }

  /** Resolves with what became of the message, within the deadline; never rejects. */
  publish(message: OutgoingMessage): Promise<PublishResult> {
    if (this.#closed || this.#queue.length >= this.#options.queueMax) {
      return Promise.resolve({ status: "full" });
    }
    return new Promise((settle) => {
      this.#queue.push({ message, since: performance.now(), settle });
      this.#scheduleExpiry();
      void this.#pump();
    });
  }

  /** Sends what waits, then disconnects. */
  async close(): Promise<void> {
    const deadline = performance.now() + CLOSE_TIMEOUT_MS;
    // What is under way has left the queue: to disconnect now would cut off its ack.
    const isBusy = () => this.#queue.length + this.#sending.length > 0;
    while (isBusy() && performance.now() < deadline) await pause(CLOSE_LOOK_MS);
    this.#closed = true;
    clearTimeout(this.#expiry);
    for (const { settle } of this.#queue.splice(0)) settle({ status: "unknown" });
    await this.#drop();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#closed) {
      const producer = this.#producer ?? (await this.#reconnect());
      if (producer === undefined || this.#queue.length === 0) break;
      await this.#send(producer, this.#takeBatch());
    }
    this.#pumping = false;
  }

  #takeBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { message } of this.#queue) {
      bytes += Buffer.byteLength(message.value);
      if (count > 0 && (count >= SEND_MESSAGES_MAX || bytes > SEND_BYTES_MAX)) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #send(producer: Producer, batch: readonly Waiting[]): Promise<void> {
    const byTopic = Map.groupBy(batch, ({ message }) => message.topic);
    this.#sending = batch;
    try {
      const acks = await withDeadline(
        producer.sendBatch({
          acks: -1,
          timeout: this.#options.deadlineMs,
          topicMessages: [...byTopic].map(([topic, waiting]) => ({
            topic,
            messages: waiting.map(({ message: { partition, key, value } }) => ({
              partition,
              key,
              value,
            })),
          })),
        }),
        this.#options.deadlineMs,
      );
      // Within a partition the broker keeps the order of the request, so offsets count up from the base.
      const next = new Map<string, number>();
      for (const { topicName, partition, baseOffset } of acks) {
        next.set(`${topicName}/${partition}`, Number(baseOffset));
      }
      for (const { message, settle } of batch) {
        const place = `${message.topic}/${message.partition}`;
        const offset = next.get(place);
        settle(offset === undefined ? { status: "unknown" } : { status: "acked", offset });
        if (offset !== undefined) next.set(place, offset + 1);
      }
    } catch (error) {
      this.#options.log.warn(
        { err: error, messages: batch.length },
        "no ack in time: outcome of a send is unknown",
      );
      for (const { settle } of batch) settle({ status: "unknown" });
      // An answer that comes late must find nobody: the next send goes through a new connection.
      await this.#drop();
    } finally {
      this.#sending = [];
    }
  }

  async #reconnect(): Promise<Producer | undefined> {
    for (
      let delayMs = RECONNECT_FIRST_MS;
      !this.#closed;
      delayMs = Math.min(delayMs * 2, RECONNECT_MAX_MS)
    ) {
      const producer = connectKafka({
        ...this.#options,
        requestTimeoutMs: this.#options.deadlineMs,
        retries: 0,
      }).producer({
        allowAutoTopicCreation: false,
        // kafkajs' idempotent producer loses acknowledged messages after one lost reply (kafkajs#1005).
        idempotent: false,
        maxInFlightRequests: 1,
        // Every message names its partition; said only because kafkajs warns when nothing is said.
        createPartitioner: Partitioners.DefaultPartitioner,
      });
      try {
        await producer.connect();
        if (!this.#closed) return (this.#producer = producer);
        await producer.disconnect();
      } catch (error) {
        const level = delayMs === RECONNECT_FIRST_MS ? "warn" : "debug";
        this.#options.log[level]({ err: error }, "the broker cannot be reached; trying again");
        await producer.disconnect().catch(() => {
          // It never was connected.
        });
        await pause(delayMs);
      }
    }
    return undefined;
  }

  async #drop(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    if (producer === undefined) return;
    await withDeadline(producer.disconnect(), CLOSE_TIMEOUT_MS).catch((error: unknown) => {
      this.#options.log.debug({ err: error }, "a broken connection did not close in time");
    });
  }

  /** Nobody waits longer than the deadline, in the queue and under way together. */
  #scheduleExpiry(): void {
    this.#expiry ??= setTimeout(() => {
      this.#expiry = undefined;
      const latest = performance.now() - this.#options.deadlineMs;
      const fresh = this.#queue.findIndex(({ since }) => since > latest);
      const expired = this.#queue.splice(0, fresh === -1 ? this.#queue.length : fresh);
      // One that is under way may yet be acked; whoever waited for it has been told by then.
      const late = this.#sending.filter(({ since }) => since <= latest);
      for (const { settle } of [...expired, ...late]) settle({ status: "unknown" });
      if (this.#queue.length + this.#sending.length > 0) this.#scheduleExpiry();
    }, this.#options.deadlineMs / EXPIRY_LOOKS_PER_DEADLINE);
  }
}
