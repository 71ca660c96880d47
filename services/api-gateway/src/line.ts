/**
 * The way into the line: a request goes to the broker, its place comes back, and whoever wants to
 * wait for the outcome may. The only code of the gateway that publishes.
 */
import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import { encodeRequest } from "@seatline/shared/contract/request.ts";
import type { Place } from "@seatline/shared/core/model.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import type { Publisher } from "@seatline/shared/line/publisher.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import type { LineMemory } from "./line-memory.ts";
import { untilAborted } from "./waiters.ts";

type LineDeps = {
  readonly memory: LineMemory;
  readonly publisher: Publisher;
  readonly topic: string;
  readonly log: Log;
};

/** Where a request stands that is not decided yet. */
export type Queued = {
  readonly place: Place | null;
  /** Requests that will be decided before it. */
  readonly ahead: number;
  readonly etaSeconds: number;
  /** Nothing has been decided in this line for some seconds, though requests wait. */
  readonly stalled: boolean;
  readonly pollAfterMs: number;
};

export type Submitted =
  | { readonly status: "decided"; readonly entry: RecordEntry }
  | { readonly status: "queued"; readonly queued: Queued }
  /** Not in the line, or nobody knows. */
  | { readonly status: "unavailable" };

export type Submission = {
  readonly request: Request;
  readonly partition: number;
  /** The message's key: the show, where it is known. */
  readonly key: string;
  readonly waitMs: number;
  /** Ends the wait early: the client is gone. */
  readonly signal: AbortSignal;
  /** Which of the outcomes told for the request's id is this request's own. */
  readonly isOwn?: (entry: RecordEntry) => boolean;
};

/** Requests that may wait in one partition. At full speed some minutes' worth; beyond it, 503. */
const LINE_LENGTH_MAX = 1_000_000;
const UNAVAILABLE: Submitted = { status: "unavailable" };
const POLL_AFTER_MIN_MS = 100;
const POLL_AFTER_MAX_MS = 5_000;

export class Line {
  readonly #deps: LineDeps;
  #replaced = false;

  constructor(deps: LineDeps) {
    this.#deps = deps;
  }

  /** The topic is not the one whose decisions we know. Only a person can mend that. */
  get isReplaced(): boolean {
    return this.#replaced;
  }

  /** Takes no more requests, and says why; there is no way back but a restart. */
  refuse(sentence: string): void {
    if (!this.#replaced) this.#deps.log.fatal(sentence);
    this.#replaced = true;
  }

  /** Puts a request into its line and waits for the ack, then, if asked to, for the outcome. */
  async submit(submission: Submission): Promise<Submitted> {
    const { request, partition, key, waitMs, isOwn, signal } = submission;
    const { memory, publisher, topic } = this.#deps;
    const before = memory.line(partition);
    if (this.#replaced || before.end - before.next > LINE_LENGTH_MAX) return UNAVAILABLE;
    const waiter = waitMs > 0 ? memory.waiters.wait(request.requestId, waitMs, isOwn) : undefined;
    if (waiter === null) return UNAVAILABLE;
    const ack = await publisher.publish({ topic, partition, key, value: encodeRequest(request) });
    if (ack.status !== "acked") {
      waiter?.cancel();
      return UNAVAILABLE;
    }
    if (ack.offset < before.next) {
      waiter?.cancel();
      this.refuse(
        `The topic ${topic} was replaced: a new request of partition ${partition} stands at ${ack.offset}, but everything up to ${before.next} is decided. No more requests are taken. Restore the topic as docs/operations.md says, or start anew with a new database and new topics together.`,
      );
      return UNAVAILABLE;
    }
    memory.noteEnd(partition, ack.offset + 1);
    const place = { partition, offset: ack.offset };
    const entry = waiter === undefined ? null : await untilAborted(waiter, signal);
    return entry === null
      ? { status: "queued", queued: this.queuedAt(place) }
      : { status: "decided", entry };
  }

  /** How a place in the line looks now. `ahead` never grows. */
  queuedAt(place: Place): Queued {
    const { next } = this.#deps.memory.line(place.partition);
    return this.#describe(place.partition, place, Math.max(0, place.offset - next));
  }

  /** The same for a request of which only the partition is known: it may be the last. */
  queuedSomewhere(partition: number): Queued {
    const { next, end } = this.#deps.memory.line(partition);
    return this.#describe(partition, null, Math.max(0, end - next - 1));
  }

  #describe(partition: number, place: Place | null, ahead: number): Queued {
    const { perSecond, stalled } = this.#deps.memory.line(partition);
    const etaMs = (ahead / perSecond) * 1_000;
    return {
      place,
      ahead,
      etaSeconds: Math.ceil(etaMs / 100) / 10,
      stalled,
      pollAfterMs: Math.round(Math.min(Math.max(etaMs, POLL_AFTER_MIN_MS), POLL_AFTER_MAX_MS)),
    };
  }
}
