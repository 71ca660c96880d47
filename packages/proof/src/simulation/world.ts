/**
 * The world of a simulation: a time that passes when nothing else happens, processes that live and die, and a
 * queue of what is to happen. Everything follows from the seed: the same seed, the same run.
 */
import { buildRandom } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import { EventQueue } from "./event-queue.ts";
import type { Life } from "./life.ts";

/** The date at which every simulation begins, in milliseconds since 1970. */
export const DAWN_MS = Date.UTC(2026, 10, 22, 12);

export class World {
  readonly random: Random;
  readonly #queue = new EventQueue();
  #nowMs = 0;
  #events = 0;
  #failure: unknown = null;
  /** Told of each event, where somebody wants to see the run. */
  #trace: ((line: string) => void) | null = null;

  constructor(seed: number) {
    this.random = buildRandom(seed);
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How many events there were so far. */
  get events(): number {
    return this.#events;
  }

  traceTo(trace: (line: string) => void): void {
    this.#trace = trace;
  }

  /** For whoever sees the run: what happens. Costs nothing when nobody does. */
  tell(words: () => string): void {
    this.#trace?.(`${(this.#nowMs / 1_000).toFixed(3)} ${words()}`);
  }

  /** What cannot be: the run ends with it. */
  fail(error: unknown): void {
    this.#failure ??= error;
  }

  /** Something will happen, to a process or, with null, to the world. What is returned calls it off. */
  schedule(delayMs: number, life: Life | null, run: () => void): () => void {
    return this.#queue.add({ atMs: this.#nowMs + Math.max(0, delayMs), life, run });
  }

  /** What was frozen goes on, with all that happened to it meanwhile. */
  thaw(life: Life): void {
    for (const run of life.thaw()) this.schedule(0, life, run);
  }

  /** A delay as networks have them: mostly short, now and then long. In milliseconds. */
  delay(): number {
    const { random } = this;
    if (random.chance(0.9)) return random.int(0, 30) / 10;
    return random.chance(0.9) ? random.int(3, 40) : random.int(40, 900);
  }

  /** Lets time pass until `isOver`, or as long as it may. False if the time was too short. */
  runUntil(isOver: () => boolean, maxMs: number): Promise<boolean> {
    const untilMs = this.#nowMs + maxMs;
    return new Promise((resolve, reject) => {
      const turn = () => {
        try {
          if (this.#failure !== null) reject(this.#failure);
          else if (isOver()) resolve(true);
          else if (this.#step(untilMs)) void afterwards(turn);
          else resolve(false);
        } catch (error) {
          reject(error);
        }
      };
      void afterwards(turn);
    });
  }

  /** The next event. False if there is none until then: the time passes all the same. */
  #step(untilMs: number): boolean {
    const event = this.#queue.take(untilMs);
    this.#nowMs = event?.atMs ?? untilMs;
    if (event === null) return false;
    this.#events += 1;
    if (event.life === null) event.run();
    else event.life.live(event.run);
    return true;
  }
}

/**
 * All that follows from an event happens before the next one: Node takes a tick only when no promise has
 * anything left to do, if it is told of it by one.
 */
async function afterwards(turn: () => void): Promise<void> {
  await DONE;
  process.nextTick(turn);
}

const DONE = Promise.resolve();
