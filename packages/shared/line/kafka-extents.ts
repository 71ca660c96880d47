/** Where the partitions of a topic begin and end, as the broker says. */
import type { Admin } from "kafkajs";

import type { Extent, Extents, FoundTopic } from "./broker.ts";
import { connectKafka } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";
import { findTopic } from "./line-id.ts";

const REQUEST_TIMEOUT_MS = 5_000;
const RETRIES = 2;

/** Asks for the extents of one topic, on a connection that it keeps. */
export class KafkaExtents implements Extents {
  readonly #address: KafkaAddress;
  readonly #topic: string;
  #admin: Promise<Admin> | undefined;

  constructor(address: KafkaAddress, topic: string) {
    this.#address = address;
    this.#topic = topic;
  }

  get topic(): string {
    return this.#topic;
  }

  async load(): Promise<Map<number, Extent>> {
    const offsets = await this.#ask((admin) => admin.fetchTopicOffsets(this.#topic));
    return new Map(
      offsets.map(({ partition, low, high }) => [
        partition,
        { low: Number(low), end: Number(high) },
      ]),
    );
  }

  findTopic(): Promise<FoundTopic | null> {
    return this.#ask((admin) => findTopic(admin, this.#topic));
  }

  async find(partition: number): Promise<Extent> {
    const extent = (await this.load()).get(partition);
    if (extent !== undefined) return extent;
    throw new Error(`the topic ${this.#topic} has no partition ${partition}`);
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => undefined);
    await admin?.disconnect();
  }

  async #ask<T>(work: (admin: Admin) => Promise<T>): Promise<T> {
    this.#admin ??= this.#connect();
    const connecting = this.#admin;
    try {
      return await work(await connecting);
    } catch (error) {
      if (this.#admin === connecting) this.#admin = undefined;
      void connecting
        .then((admin) => admin.disconnect())
        .catch(() => {
          // It was broken already; the error that tells so is thrown below.
        });
      throw error;
    }
  }

  async #connect(): Promise<Admin> {
    const options = { requestTimeoutMs: REQUEST_TIMEOUT_MS, retries: RETRIES };
    const admin = connectKafka({ ...this.#address, ...options }).admin();
    await admin.connect();
    return admin;
  }
}
