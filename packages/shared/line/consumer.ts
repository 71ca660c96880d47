/**
 * Takes part in a consumer group and hands each partition's messages to its feed. Reading is thus
 * apart from deciding: a slow partition holds up no other, and the next batch stands ready.
 *
 * Kafka's committed offsets are only for lag tools; what has been decided is what Postgres says.
 */
import type { Host } from "../runtime/host.ts";
import type { Broker, GroupOptions, GroupReader } from "./broker.ts";
import { Feed } from "./feed.ts";
import type { LineMessage } from "./feed.ts";

type LineConsumerOptions = Omit<GroupOptions, "events"> &
  Pick<GroupOptions["events"], "onAssigned" | "onCrash"> & {
    readonly host: Host;
    readonly broker: Broker;
  };

/** One fetch follows the other at once; a process that was frozen in between is late. */
const FETCH_GAP_MAX_MS = 2_000;

export class LineConsumer {
  readonly #host: Host;
  readonly #reader: GroupReader;
  readonly #feeds = new Map<number, Feed>();
  /** By broker: whether a fetch is out, and when the last one began or ended. */
  readonly #fetches = new Map<number, { isOut: boolean; at: number }>();

  constructor({ host, broker, onAssigned, onCrash, ...options }: LineConsumerOptions) {
    this.#host = host;
    this.#reader = broker.buildGroupReader({
      ...options,
      events: {
        onAssigned: (partitions) => {
          this.#fetches.clear();
          onAssigned(partitions);
        },
        onMessages: (partition, messages) => this.#hand(partition, messages),
        onFetch: (nodeId, isOut) => {
          this.#noteFetch(nodeId, isOut);
        },
        onDisconnect: () => {
          this.#doubt();
        },
        onCrash,
      },
    });
  }

  /** Joins the group and reads until `close`. */
  run(): Promise<void> {
    return this.#reader.run();
  }

  /** The feed of a partition; the same object for the consumer's life. */
  feedOf(partition: number): Feed {
    let feed = this.#feeds.get(partition);
    if (feed === undefined) {
      feed = new Feed(this.#host);
      this.#feeds.set(partition, feed);
    }
    return feed;
  }

  /** Starts the partition's feed at `offset`. The seek is a short cut: the feed decides what it takes. */
  startFeed(partition: number, offset: number): Feed {
    const feed = this.feedOf(partition);
    feed.start(offset);
    this.#reader.resume(partition);
    this.#reader.seek(partition, offset);
    return feed;
  }

  /** Reads a partition again whose feed was full. Cheap when it was not. */
  resume(partition: number): void {
    this.#reader.resume(partition);
  }

  /** Tells Kafka how far a partition is decided, for tools that watch the lag. */
  commitOffset(partition: number, offset: number): Promise<void> {
    return this.#reader.commitOffset(partition, offset);
  }

  async close(): Promise<void> {
    for (const feed of this.#feeds.values()) feed.stop();
    await this.#reader.close();
  }

  /**
   * A topic that is deleted and made again has the same name and the same offsets. Whoever reads on
   * there sees no gap; all that tells is that one fetch did not follow the other without a break. So
   * after a fetch that failed, or came late, the log is in doubt.
   */
  #noteFetch(nodeId: number, isOut: boolean): void {
    const now = this.#host.monotonicMs();
    const last = this.#fetches.get(nodeId);
    this.#fetches.set(nodeId, { isOut, at: now });
    if (!isOut || last === undefined) return;
    if (last.isOut || now - last.at > FETCH_GAP_MAX_MS) this.#doubt();
  }

  #doubt(): void {
    for (const feed of this.#feeds.values()) feed.doubt();
  }

  /** How many were taken: all, unless the feed is full. What it does not want counts as taken. */
  #hand(partition: number, messages: readonly LineMessage[]): number {
    const feed = this.feedOf(partition);
    const refused = messages.findIndex((message) => feed.offer(message) === "full");
    return refused === -1 ? messages.length : refused;
  }
}
