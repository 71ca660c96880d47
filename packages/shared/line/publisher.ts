/**
 * Puts messages into topics and waits for the broker's ack. One send is out at a time, and all that
 * arrives meanwhile goes with the next: batches size themselves, and no timer delays anybody.
 *
 * It never sends a message twice. A send that fails or takes too long is unknown, not failed: its
 * messages may yet stand in the topic, and only whoever asked knows what a repetition means.
 */
import { withDeadline } from "../runtime/deadline.ts";
import type { Host } from "../runtime/host.ts";
import type { Log } from "../runtime/log.ts";
import type { Broker, OutgoingMessage, Sender } from "./broker.ts";

export type PublishResult =
  | { readonly status: "acked"; readonly offset: number }
  /** Too much waits already; nothing was sent. */
  | { readonly status: "full" }
  /** No ack in time; the message may or may not be in the topic. */
  | { readonly status: "unknown" };

type PublisherOptions = {
  readonly host: Host;
  readonly broker: Broker;
  readonly log: Log;
  /** How long one message may wait for its ack, queueing included. */
  readonly deadlineMs: number;
  /** How many messages may wait. */
  readonly queueMax: number;
};

/** Messages that stand in their topics in this order, or not at all. */
type Row = { isBroken: boolean };

type Waiting = {
  readonly message: OutgoingMessage;
  readonly row: Row;
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
  #sender: Sender | undefined;
  #pumping = false;
  #closed = false;
  #cancelExpiry: (() => void) | undefined;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** Whether there is a connection that has not failed yet. */
  get isConnected(): boolean {
    return this.#sender !== undefined;
  }

  /** Connects in the background, now and whenever the connection was lost. */
  connect(): void {
    void this.#pump();
  }

  /** Resolves with what became of the message, within the deadline; never rejects. */
  publish(message: OutgoingMessage): Promise<PublishResult> {
    const result = this.#queueUp(message, { isBroken: false });
    void this.#pump();
    return result;
  }

  /**
   * The same for messages that belong in this order: behind one without an ack none is sent any more. Resolves
   * with what became of each.
   */
  publishInOrder(messages: readonly OutgoingMessage[]): Promise<PublishResult[]> {
    const row: Row = { isBroken: false };
    const results = messages.map((message) => this.#queueUp(message, row));
    // Only now: where nothing is under way, all of them go with one send.
    void this.#pump();
    return Promise.all(results);
  }

  #queueUp(message: OutgoingMessage, row: Row): Promise<PublishResult> {
    if (this.#closed || this.#queue.length >= this.#options.queueMax || row.isBroken) {
      row.isBroken = true;
      return Promise.resolve({ status: "full" });
    }
    return new Promise((settle) => {
      this.#queue.push({ message, row, since: this.#options.host.monotonicMs(), settle });
      this.#scheduleExpiry();
    });
  }

  /** Sends what waits, then disconnects. */
  async close(): Promise<void> {
    const { host } = this.#options;
    const deadline = host.monotonicMs() + CLOSE_TIMEOUT_MS;
    // What is under way has left the queue: to disconnect now would cut off its ack.
    const isBusy = () => this.#queue.length + this.#sending.length > 0;
    while (isBusy() && host.monotonicMs() < deadline) await host.pause(CLOSE_LOOK_MS);
    this.#closed = true;
    this.#cancelExpiry?.();
    for (const { settle } of this.#queue.splice(0)) settle({ status: "unknown" });
    await this.#drop();
  }

  /** What stands behind a message of its row that got no ack. */
  #dropBroken(): void {
    const broken = this.#queue.filter(({ row }) => row.isBroken);
    if (broken.length === 0) return;
    const whole = this.#queue.filter(({ row }) => !row.isBroken);
    this.#queue.splice(0, this.#queue.length, ...whole);
    for (const { settle } of broken) settle({ status: "unknown" });
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#closed) {
      const sender = this.#sender ?? (await this.#reconnect());
      if (sender === undefined || this.#queue.length === 0) break;
      await this.#send(sender, this.#takeBatch());
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

  async #send(sender: Sender, batch: readonly Waiting[]): Promise<void> {
    const { host, deadlineMs, log } = this.#options;
    this.#sending = batch;
    try {
      const sent = sender.send(batch.map(({ message }) => message));
      const acks = await withDeadline(sent, { host, deadlineMs });
      // Within a partition the broker keeps the order of the request, so offsets count up from the base.
      const next = new Map<string, number>();
      for (const { topic, partition, baseOffset } of acks) {
        next.set(`${topic}/${partition}`, baseOffset);
      }
      for (const { message, settle } of batch) {
        const place = `${message.topic}/${message.partition}`;
        const offset = next.get(place);
        settle(offset === undefined ? { status: "unknown" } : { status: "acked", offset });
        if (offset !== undefined) next.set(place, offset + 1);
      }
    } catch (error) {
      log.warn(
        { err: error, messages: batch.length },
        "no ack in time: outcome of a send is unknown",
      );
      for (const { row, settle } of batch) {
        row.isBroken = true;
        settle({ status: "unknown" });
      }
      this.#dropBroken();
      // An answer that comes late must find nobody: the next send goes through a new connection.
      await this.#drop();
    } finally {
      this.#sending = [];
    }
  }

  async #reconnect(): Promise<Sender | undefined> {
    const { host, broker, deadlineMs, log } = this.#options;
    for (
      let delayMs = RECONNECT_FIRST_MS;
      !this.#closed;
      delayMs = Math.min(delayMs * 2, RECONNECT_MAX_MS)
    ) {
      try {
        const sender = await broker.connectSender(deadlineMs);
        if (!this.#closed) return (this.#sender = sender);
        await sender.close();
      } catch (error) {
        const level = delayMs === RECONNECT_FIRST_MS ? "warn" : "debug";
        log[level]({ err: error }, "the broker cannot be reached; trying again");
        await host.pause(delayMs);
      }
    }
    return undefined;
  }

  async #drop(): Promise<void> {
    const { host, log } = this.#options;
    const sender = this.#sender;
    this.#sender = undefined;
    if (sender === undefined) return;
    const closed = withDeadline(sender.close(), { host, deadlineMs: CLOSE_TIMEOUT_MS });
    await closed.catch((error: unknown) => {
      log.debug({ err: error }, "a broken connection did not close in time");
    });
  }

  /** Nobody waits longer than the deadline, in the queue and under way together. */
  #scheduleExpiry(): void {
    const { host, deadlineMs } = this.#options;
    this.#cancelExpiry ??= host.schedule(deadlineMs / EXPIRY_LOOKS_PER_DEADLINE, () => {
      this.#cancelExpiry = undefined;
      const latest = host.monotonicMs() - deadlineMs;
      const fresh = this.#queue.findIndex(({ since }) => since > latest);
      const expired = this.#queue.splice(0, fresh === -1 ? this.#queue.length : fresh);
      // One that is under way may yet be acked; whoever waited for it has been told by then.
      const late = this.#sending.filter(({ since }) => since <= latest);
      for (const { row, settle } of [...expired, ...late]) {
        row.isBroken = true;
        settle({ status: "unknown" });
      }
      this.#dropBroken();
      if (this.#queue.length + this.#sending.length > 0) this.#scheduleExpiry();
    });
  }
}
