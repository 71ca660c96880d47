/** The topics of the simulated broker: partitions that only ever grow, with the broker's time in every message. */
import type { Extent, OutgoingMessage, Ack } from "@seatline/shared/line/broker.ts";

import type { TopicMessage } from "../history/history.ts";

export class TopicLog {
  readonly #partitions = new Map<string, TopicMessage[][]>();
  readonly #readers = new Map<string, Set<() => void>>();
  readonly #clock: () => number;

  /** `clock` is the broker's, in milliseconds since 1970. */
  constructor(
    topics: readonly string[],
    { partitionCount, clock }: { readonly partitionCount: number; readonly clock: () => number },
  ) {
    this.#clock = clock;
    for (const topic of topics) {
      this.#partitions.set(
        topic,
        Array.from({ length: partitionCount }, () => []),
      );
      this.#readers.set(topic, new Set());
    }
  }

  /** Appends in order; each partition's share as a whole, or where `takes` says no, not at all. */
  appendAll(messages: readonly OutgoingMessage[], takes: () => boolean): Ack[] {
    const groups = Map.groupBy(messages, ({ topic, partition }) => `${topic}/${partition}`);
    const acks: Ack[] = [];
    for (const [first, ...rest] of groups.values()) {
      if (first === undefined || !takes()) continue;
      const { topic, partition } = first;
      const baseOffset = this.#logOf(topic, partition).length;
      for (const { key, value } of [first, ...rest]) {
        this.append(topic, partition, { key: Buffer.from(key), value: Buffer.from(value) });
      }
      acks.push({ topic, partition, baseOffset });
    }
    return acks;
  }

  append(
    topic: string,
    partition: number,
    message: { readonly key: Buffer | null; readonly value: Buffer | null },
  ): void {
    const log = this.#logOf(topic, partition);
    log.push({ partition, offset: log.length, appendedAt: this.#clock(), ...message });
    for (const read of this.#readers.get(topic) ?? []) read();
  }

  /** The messages of a partition from an offset on. */
  read(topic: string, partition: number, from: number): readonly TopicMessage[] {
    return this.#logOf(topic, partition).slice(from);
  }

  /** Whether a message stands there; a late one is found soonest. */
  has(topic: string, partition: number, text: string): boolean {
    const wanted = Buffer.from(text);
    const log = this.#logOf(topic, partition);
    return log.findLast(({ value }) => value?.equals(wanted) === true) !== undefined;
  }

  end(topic: string, partition: number): number {
    return this.#logOf(topic, partition).length;
  }

  extents(topic: string): ReadonlyMap<number, Extent> {
    const logs = this.#partitions.get(topic) ?? [];
    return new Map(logs.map(({ length: end }, partition) => [partition, { low: 0, end }]));
  }

  all(topic: string): TopicMessage[] {
    return (this.#partitions.get(topic) ?? []).flat();
  }

  /** Calls back whenever something is appended to a topic. What is returned ends that. */
  watch(topic: string, read: () => void): () => void {
    this.#readers.get(topic)?.add(read);
    return () => this.#readers.get(topic)?.delete(read);
  }

  #logOf(topic: string, partition: number): TopicMessage[] {
    const log = this.#partitions.get(topic)?.[partition];
    if (log === undefined) throw new RangeError(`there is no partition ${partition} of ${topic}`);
    return log;
  }
}
