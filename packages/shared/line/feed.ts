/**
 * The messages of one partition between the broker and the worker: a bounded queue that takes only
 * the offset it wants next. Anything else is told, never skipped.
 */
import { assert } from "../core/assert.ts";
import type { Host } from "../runtime/host.ts";

export type LineMessage = {
  readonly offset: number;
  readonly appendedAt: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** An offset that belongs to a transaction, and not to a message that anybody may read. */
  readonly isHidden?: boolean;
};

type Offer =
  | "taken"
  /** The queue is full: offer it again later. */
  | "full"
  /** Not the offset that is wanted. */
  | "unwanted";

/** How many messages may wait, and how many bytes. Enough for the next batch to stand ready. */
export const FEED_MESSAGES_MAX = 4_000;
export const FEED_BYTES_MAX = 8 * 1024 * 1024;

export class Feed {
  readonly #host: Host;
  #wanted: number | null = null;
  #settled = false;
  #broken: "stopped" | "doubtful" | null = null;
  #bytes = 0;
  #messages: LineMessage[] = [];
  #wake: (() => void) | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Whether an offer would be refused for want of room. */
  get isFull(): boolean {
    return this.#messages.length >= FEED_MESSAGES_MAX || this.#bytes >= FEED_BYTES_MAX;
  }

  /** Forgets everything and wants `offset` next. Until it comes, others are ignored: a seek takes a while. */
  start(offset: number): void {
    this.stop();
    this.#wanted = offset;
    this.#broken = null;
  }

  /** Forgets everything and takes nothing more. Whoever waits is told. */
  stop(): void {
    this.#wanted = null;
    this.#settled = false;
    this.#broken = "stopped";
    this.#messages = [];
    this.#bytes = 0;
    this.#wakeUp();
  }

  /**
   * What comes next may stand in another log than what came before. Forgets everything; whoever reads
   * must make sure of the log, and start again.
   */
  doubt(): void {
    if (this.#wanted === null) return;
    this.stop();
    this.#broken = "doubtful";
  }

  offer(message: LineMessage): Offer {
    if (this.#wanted === null) return "unwanted";
    if (message.offset !== this.#wanted) {
      // Once it runs, an offset out of order means that the log or its reader changed under us.
      if (this.#settled) this.stop();
      return "unwanted";
    }
    if (this.isFull) return "full";
    this.#settled = true;
    this.#wanted = message.offset + 1;
    this.#messages.push(message);
    this.#bytes += message.value?.length ?? 0;
    this.#wakeUp();
    return "taken";
  }

  /**
   * The next messages in order, at least one, at most the bounds. Waits for the first at most
   * `timeoutMs`. "stopped" if the feed was stopped, or broke at an offset out of order; "doubtful" if
   * it broke because nobody knows whether the log is still the same.
   */
  async take(bounds: {
    readonly messagesMax: number;
    readonly bytesMax: number;
    readonly timeoutMs: number;
  }): Promise<LineMessage[] | "stopped" | "doubtful" | "timeout"> {
    if (this.#messages.length === 0 && this.#broken === null) await this.#wait(bounds.timeoutMs);
    if (this.#broken !== null) return this.#broken;
    if (this.#messages.length === 0) return "timeout";
    let count = 0;
    let bytes = 0;
    for (const { value } of this.#messages) {
      bytes += value?.length ?? 0;
      if (count > 0 && (count >= bounds.messagesMax || bytes > bounds.bytesMax)) break;
      count += 1;
    }
    this.#bytes -= this.#messages
      .slice(0, count)
      .reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    return this.#messages.splice(0, count);
  }

  #wait(timeoutMs: number): Promise<void> {
    assert(this.#wake === undefined, "one reader waits at a time");
    return new Promise((resolve) => {
      const cancel = this.#host.schedule(timeoutMs, () => {
        this.#wakeUp();
      });
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
