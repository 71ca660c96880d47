/** A member of a consumer group of the simulated broker: one fetch after the other, as Kafka's clients do it. */
import type { GroupOptions, GroupReader } from "@seatline/shared/line/broker.ts";

import type { TopicMessage } from "../history/history.ts";
import type { Member } from "./groups.ts";
import type { Life } from "./life.ts";
import type { BrokerParts } from "./broker-parts.ts";

const NODE_ID = 0;
const FETCH_WAIT_MS = 1_000;
const RETRY_MS = 300;
const PATIENCE_MS = 5_000;
const BEATS_PER_SESSION = 3;

type Fetched = { readonly partition: number; readonly messages: readonly TopicMessage[] };

export class SimulatedGroupReader implements GroupReader {
  readonly #parts: BrokerParts & { readonly life: Life };
  readonly #options: GroupOptions;
  readonly #member: Member;
  readonly #positions = new Map<number, number>();
  readonly #paused = new Set<number>();
  #isClosed = false;

  constructor(parts: BrokerParts & { readonly life: Life }, options: GroupOptions) {
    this.#parts = parts;
    this.#options = options;
    const { sessionTimeoutMs } = options;
    this.#member = {
      life: parts.life,
      sessionTimeoutMs,
      assign: (partitions) => {
        this.#assign(partitions);
      },
    };
  }

  async run(): Promise<void> {
    const { readers, life } = this.#parts;
    readers.add(this);
    life.onDeath(() => readers.delete(this));
    await this.#join();
    this.#scheduleBeat();
    this.#fetch();
  }

  seek(partition: number, offset: number): void {
    if (this.#positions.has(partition)) this.#positions.set(partition, offset);
  }

  resume(partition: number): void {
    this.#paused.delete(partition);
  }

  async commitOffset(partition: number, offset: number): Promise<void> {
    const { network, server, groups, life } = this.#parts;
    await network.ask(life, { server, patienceMs: PATIENCE_MS }, () => {
      groups.commit(this.#options.groupId, partition, offset);
    });
  }

  close(): Promise<void> {
    const { readers, groups } = this.#parts;
    this.#isClosed = true;
    readers.delete(this);
    groups.leave(this.#options.groupId, this.#member);
    return Promise.resolve();
  }

  /** The broker has come back, or the connection to it: some must join again, others find themselves in. */
  rejoin(): void {
    const { world, life } = this.#parts;
    if (world.random.chance(0.5)) return;
    world.schedule(RETRY_MS + world.delay(), life, () => void this.#join());
  }

  async #join(): Promise<void> {
    const { network, server, groups, life, world } = this.#parts;
    if (this.#isClosed) return;
    try {
      await network.ask(life, { server, patienceMs: PATIENCE_MS }, () => {
        groups.join(this.#options.groupId, this.#member);
      });
    } catch {
      // The client library goes on trying, without a word to us.
      this.#options.events.onDisconnect();
      world.schedule(RETRY_MS, life, () => void this.#join());
    }
  }

  #assign(partitions: readonly number[]): void {
    if (this.#isClosed) return;
    const { groups } = this.#parts;
    this.#positions.clear();
    this.#paused.clear();
    for (const partition of partitions) {
      this.#positions.set(partition, groups.committed(this.#options.groupId, partition));
    }
    this.#options.events.onAssigned(partitions);
  }

  #scheduleBeat(): void {
    const { world, life } = this.#parts;
    world.schedule(this.#options.sessionTimeoutMs / BEATS_PER_SESSION, life, () => {
      void this.#beat();
    });
  }

  async #beat(): Promise<void> {
    const { network, server, groups, life } = this.#parts;
    if (this.#isClosed) return;
    try {
      const isMember = await network.ask(life, { server, patienceMs: PATIENCE_MS }, () =>
        groups.beat(this.#options.groupId, this.#member),
      );
      if (!isMember) await this.#join();
    } catch {
      this.#options.events.onDisconnect();
    }
    this.#scheduleBeat();
  }

  /** One fetch; the next follows at once. What is there comes at once, else it waits a little. */
  #fetch(): void {
    if (this.#isClosed) return;
    const { world, life, log } = this.#parts;
    const { events, topic } = this.#options;
    events.onFetch(NODE_ID, true);
    if (this.#isAny()) void this.#ask();
    else {
      const ask = () => {
        for (const stop of stops) stop();
        void this.#ask();
      };
      const wake = () => {
        if (!this.#isAny()) return;
        for (const stop of stops.splice(0)) stop();
        world.schedule(world.delay(), life, ask);
      };
      const stops = [log.watch(topic, wake), world.schedule(FETCH_WAIT_MS, life, ask)];
    }
  }

  /** Whether there is anything for it. */
  #isAny(): boolean {
    const { log } = this.#parts;
    for (const [partition, from] of this.#positions) {
      if (!this.#paused.has(partition) && log.end(this.#options.topic, partition) > from)
        return true;
    }
    return false;
  }

  async #ask(): Promise<void> {
    const { network, server, life, world } = this.#parts;
    const { events } = this.#options;
    // A seek that comes now is too late for this fetch.
    const wanted = [...this.#positions].filter(([partition]) => !this.#paused.has(partition));
    try {
      const fetched = await network.ask(life, { server, patienceMs: PATIENCE_MS }, () =>
        this.#read(wanted),
      );
      events.onFetch(NODE_ID, false);
      for (const each of fetched) this.#hand(each);
      this.#fetch();
    } catch {
      events.onDisconnect();
      world.schedule(RETRY_MS, life, () => {
        this.#fetch();
      });
    }
  }

  /** What the broker gives: some of what is there, of each partition from where it was asked for. */
  #read(wanted: readonly (readonly [partition: number, from: number])[]): Fetched[] {
    const { log, world } = this.#parts;
    return wanted.flatMap(([partition, from]) => {
      const messages = log.read(this.#options.topic, partition, from);
      if (messages.length === 0) return [];
      const isAll = world.random.chance(0.6);
      const count = isAll ? messages.length : world.random.int(1, messages.length);
      return [{ partition, messages: messages.slice(0, count) }];
    });
  }

  /** Where a seek came in between, it is handed out all the same: whoever reads must look at the offsets. */
  #hand({ partition, messages }: Fetched): void {
    const first = messages[0]?.offset ?? 0;
    const taken = this.#options.events.onMessages(partition, messages);
    if (taken < messages.length) this.#paused.add(partition);
    if (this.#positions.get(partition) === first) this.#positions.set(partition, first + taken);
  }
}
