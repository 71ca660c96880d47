/**
 * What a partition learns from its troubles: how soon to try again and with how much, which request to
 * park, when to give up. Keeps the score and decides; it waits for nothing and talks to nobody.
 */
import { unreachable } from "@seatline/shared/core/assert.ts";
import type { Mismatch } from "@seatline/shared/line/line-id.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import { nameServer } from "@seatline/shared/runtime/faults.ts";
import type { FaultKind } from "@seatline/shared/runtime/faults.ts";

/** Why the partition must be taken again. */
export type Trouble =
  | { readonly kind: FaultKind; readonly error: unknown }
  | { readonly kind: "fenced" | "feed" | "doubt" | "unpublished" }
  /** The core failed on the request at `offset`. */
  | { readonly kind: "core"; readonly offset: number; readonly error: unknown }
  /** Another log stands where ours was, or none; `sentence` says what was found, and what to do. */
  | Mismatch;

export type Advice = {
  /** How the trouble is told. */
  readonly level: "debug" | "info" | "warn" | "error" | "fatal";
  readonly words: string;
  readonly backOffMs: number;
  /** Whether a known fault is being waited for; else the partition must get on. */
  readonly isWaiting: boolean;
  /** Set where no further try helps: what to end the process with. */
  readonly giveUp: { readonly why: string; readonly error?: unknown } | null;
};

export const BATCH_MESSAGES_MAX = 1_000;
/** Why a request is parked that could be read: what stands in its entry and its dead letter. */
export const CORE_FAULT = "the core failed on it";
export const STORAGE_FAULT = "Postgres cannot store what was decided on it";
const BACK_OFF_FIRST_MS = 50;
const BACK_OFF_MAX_MS = 2_000;
const BACK_OFF_EXHAUSTED_MS = 5_000;
/** A batch that fails so often for a reason of data is committed one request at a time. */
const DATA_FAULTS_MAX = 3;
/** The feed may break so often without any progress before that counts as a hole in the log. */
const FEED_TROUBLES_MAX = 5;
/** Troubles further apart than this have nothing to do with each other: an idle line has one now and then. */
const STREAK_GAP_MAX_MS = 60_000;

const WORDS = {
  fenced:
    "fenced: another worker has the partition and committed; nothing was written, taking it again",
  unpublished: "a record is committed but not published; publishing it again",
  doubt: "the broker was out of sight; making sure that the topic is the same",
  exhausted:
    "Postgres has no room; the line waits until somebody makes some (disk, memory, connections)",
  "too-slow": "a commit took too long; smaller batches",
  data: "Postgres cannot store this batch; looking for the request that it cannot store",
  core: "the core failed on a request, which is a bug; it is tried once more, then parked",
} as const;

export class Recovery {
  #messagesMax = BATCH_MESSAGES_MAX;
  /** Offsets that are parked undecided, and why; emptied as they are committed. */
  readonly #poison = new Map<number, string>();
  /** Where the core failed last, and on which state. */
  #suspected = { next: -1, offset: -1 };
  /** Troubles in a row at the same offset, and when the last one was. */
  #streak = { next: -1, at: 0, data: 0, feed: 0, any: 0, told: new Set<Trouble["kind"]>() };

  /** How many messages the next batch may have. */
  get messagesMax(): number {
    return this.#messagesMax;
  }

  get poison(): ReadonlyMap<number, string> {
    return this.#poison;
  }

  /** A batch is committed, and with it what was parked in it: the next may be larger again. */
  noteCommitted(parked: readonly { readonly offset: number }[]): void {
    this.#messagesMax = Math.min(this.#messagesMax * 2, BATCH_MESSAGES_MAX);
    for (const { offset } of parked) this.#poison.delete(offset);
  }

  /** What to do about a trouble at the offset `next`. `at` is monotonic, in milliseconds. */
  advise(trouble: Trouble, next: number, at: number): Advice {
    if (this.#streak.next !== next || at - this.#streak.at > STREAK_GAP_MAX_MS) {
      this.#streak = { next, at, data: 0, feed: 0, any: 0, told: new Set() };
    }
    const streak = this.#streak;
    streak.at = at;
    streak.any += 1;
    const isNews = !streak.told.has(trouble.kind);
    streak.told.add(trouble.kind);
    const backOffMs = Math.min(BACK_OFF_FIRST_MS * 2 ** (streak.any - 1), BACK_OFF_MAX_MS);
    const again = { level: "warn", backOffMs, isWaiting: false, giveUp: null } as const;
    switch (trouble.kind) {
      case "fenced":
      // Not a wait: with a broker that answers, this must get on, or the watchdog ends it.
      case "unpublished":
        return { ...again, words: WORDS[trouble.kind] };
      case "doubt":
        return { ...again, level: "info", words: WORDS.doubt, backOffMs: BACK_OFF_FIRST_MS };
      case "feed":
        return this.#adviseFeed(again, next);
      case "transient": {
        // Said once, not at every try: there may be many, in every partition.
        const level = isNews ? "warn" : "debug";
        const words = `${nameServer(trouble.error)} is away or busy; the line waits, and goes on by itself`;
        return { ...again, level, words, isWaiting: true };
      }
      case "exhausted": {
        const slowly = { isWaiting: true, backOffMs: BACK_OFF_EXHAUSTED_MS } as const;
        return { ...again, level: "error", words: WORDS.exhausted, ...slowly };
      }
      case "too-slow": {
        // With a single request it will not get better by waiting.
        const isWaiting = this.#messagesMax > 1;
        this.#messagesMax = Math.max(1, Math.floor(this.#messagesMax / 2));
        return { ...again, words: WORDS["too-slow"], isWaiting };
      }
      case "data":
        this.#isolate(next);
        return { ...again, level: "error", words: WORDS.data };
      case "core":
        this.#suspect({ next, offset: trouble.offset });
        return { ...again, level: "error", words: WORDS.core };
      case "missing": {
        // A broker that has just started does not know its topics for a moment.
        const level = isNews ? "error" : "debug";
        return { ...again, level, words: trouble.sentence, isWaiting: true };
      }
      case "foreign": {
        const { sentence: why } = trouble;
        const giveUp = { why, error: new ConfigError([why]) };
        return { ...again, level: "fatal", words: why, giveUp };
      }
      case "bug": {
        const why = "a bug in the booking-worker";
        return { ...again, level: "fatal", words: why, giveUp: { why, error: trouble.error } };
      }
      default:
        return unreachable(trouble);
    }
  }

  #adviseFeed(again: Omit<Advice, "words">, next: number): Advice {
    this.#streak.feed += 1;
    const words = "the partition's messages came out of order or not at all; reading again";
    if (this.#streak.feed <= FEED_TROUBLES_MAX) return { ...again, level: "info", words };
    const why = `No message at offset ${next} could be read, though the topic should have one.`;
    return { ...again, level: "fatal", words: why, giveUp: { why } };
  }

  /**
   * Parks a request that makes the core fail a second time, on a state that was loaded anew. Once may
   * be the state's fault: another owner can commit between the statements that load it.
   */
  #suspect(failure: { readonly next: number; readonly offset: number }): void {
    const { next, offset } = this.#suspected;
    if (failure.next === next && failure.offset === offset) {
      this.#poison.set(offset, CORE_FAULT);
    } else this.#suspected = failure;
  }

  /** Finds the request that cannot be stored: one at a time, and the one that fails alone is parked. */
  #isolate(next: number): void {
    this.#streak.data += 1;
    if (this.#streak.data < DATA_FAULTS_MAX) return;
    if (this.#messagesMax > 1) this.#messagesMax = 1;
    else this.#poison.set(next, STORAGE_FAULT);
  }
}
