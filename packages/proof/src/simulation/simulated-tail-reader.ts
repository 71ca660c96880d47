/** Reads a topic of the simulated broker from its end on, in order, and misses what comes while it rejoins. */
import type { TailOptions, TailReader } from "@seatline/shared/line/broker.ts";

import type { Life } from "./life.ts";
import type { BrokerParts } from "./broker-parts.ts";

const REJOIN_MS = 300;
const PATIENCE_MS = 5_000;

export class SimulatedTailReader implements TailReader {
  readonly #parts: BrokerParts & { readonly life: Life };
  readonly #options: TailOptions;
  /** The next offset of each partition; null while it is not in its group. */
  #positions: number[] | null = null;
  #isAwake = false;
  #isClosed = false;
  #stop: (() => void)[] = [];

  constructor(parts: BrokerParts & { readonly life: Life }, options: TailOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { log, readers, life } = this.#parts;
    readers.add(this);
    const leave = () => {
      readers.delete(this);
    };
    this.#stop = [
      log.watch(this.#options.topic, () => this.#wake()),
      leave,
      life.onDeath(() => void this.close()),
    ];
    await this.#join();
  }

  close(): Promise<void> {
    for (const stop of this.#stop.splice(0)) stop();
    this.#positions = null;
    this.#isClosed = true;
    return Promise.resolve();
  }

  /** Loses its place, and goes on from the end as it is then. */
  rejoin(): void {
    const { world, life } = this.#parts;
    if (this.#positions === null) return;
    this.#positions = null;
    world.schedule(REJOIN_MS + world.delay(), life, () => void this.#join());
  }

  /** Loses what it has not handed out yet, and does not know it. */
  skip(): void {
    const { log } = this.#parts;
    const { topic } = this.#options;
    this.#positions = this.#positions?.map((_, partition) => log.end(topic, partition)) ?? null;
  }

  async #join(): Promise<void> {
    const { network, server, log, life, world } = this.#parts;
    if (this.#isClosed) return;
    const kafka = { server, patienceMs: PATIENCE_MS };
    try {
      await network.ask(life, kafka, () => {});
      this.#options.onJoined();
      // As with Kafka, the place to begin at is looked up only now: what comes in between is missed.
      const extents = await network.ask(life, kafka, () => log.extents(this.#options.topic));
      if (this.#isClosed) return;
      // Sometimes a reader is given again what it had already.
      this.#positions = [...extents.values()].map(({ end }) =>
        world.random.chance(0.2) ? Math.max(0, end - 3) : end,
      );
      this.#wake();
    } catch {
      // The client library goes on trying, without a word to us.
      world.schedule(REJOIN_MS, life, () => void this.#join());
    }
  }

  #wake(): void {
    const { world, life } = this.#parts;
    if (this.#isAwake || this.#positions === null) return;
    this.#isAwake = true;
    world.schedule(world.delay(), life, () => {
      this.#isAwake = false;
      this.#hand();
    });
  }

  /** All that is there, or now and then only some of it: the rest comes next. */
  #hand(): void {
    const { log, server, world } = this.#parts;
    const { topic, onMessage } = this.#options;
    const positions = this.#positions;
    if (positions === null || server.state !== "up") return;
    const countMax = world.random.chance(0.3) ? world.random.int(1, 3) : Infinity;
    for (const [partition, from] of positions.entries()) {
      const messages = log.read(topic, partition, from);
      if (messages.length > countMax) this.#wake();
      for (const { offset, value } of messages.slice(0, countMax)) {
        positions[partition] = offset + 1;
        if (value !== null) onMessage({ partition, offset, text: value.toString() });
      }
    }
  }
}
