/** Puts any bytes into the line's topic, past every check, and tells where each stands. */
import { Partitioners } from "kafkajs";
import type { Producer } from "kafkajs";

import { connectKafka } from "@seatline/shared/line/kafka.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import type { Poison } from "./poison.ts";
import type { FuzzTarget } from "./target.ts";

const SEND_TIMEOUT_MS = 20_000;
/** What the broker takes of one partition at once, with room for the batch's own head. */
const PARTITION_BYTES_MAX = 15.5 * 1024 * 1024;

export class PoisonSender {
  readonly #topic: string;
  readonly #producer: Producer;
  #isConnected = false;

  constructor({ kafkaBrokers, topics }: Pick<FuzzTarget, "kafkaBrokers" | "topics">) {
    this.#topic = topics.requests;
    const log = buildLog("fuzz", "silent");
    const options = {
      brokers: kafkaBrokers,
      clientId: "fuzz",
      log,
      requestTimeoutMs: SEND_TIMEOUT_MS,
      retries: 0,
    };
    this.#producer = connectKafka(options).producer({
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      createPartitioner: Partitioners.DefaultPartitioner,
    });
  }

  async send(batch: readonly Poison[]): Promise<{ poison: Poison; offset: number }[]> {
    if (!this.#isConnected) await this.#producer.connect();
    this.#isConnected = true;
    const sent: { poison: Poison; offset: number }[] = [];
    for (const part of splitBySize(batch)) sent.push(...(await this.#sendPart(part)));
    return sent;
  }

  async close(): Promise<void> {
    await this.#producer.disconnect();
  }

  async #sendPart(part: readonly Poison[]): Promise<{ poison: Poison; offset: number }[]> {
    const acks = await this.#producer.send({
      topic: this.#topic,
      acks: -1,
      messages: part.map(({ partition, key, value }) => ({ partition, key, value })),
    });
    const next = new Map(acks.map(({ partition, baseOffset }) => [partition, Number(baseOffset)]));
    return part.map((poison) => {
      const offset = next.get(poison.partition) ?? Number.NaN;
      next.set(poison.partition, offset + 1);
      return { poison, offset };
    });
  }
}

function* splitBySize(batch: readonly Poison[]): Generator<Poison[]> {
  let part: Poison[] = [];
  let bytes = 0;
  for (const poison of batch) {
    const size = poison.value?.length ?? 0;
    if (bytes + size > PARTITION_BYTES_MAX && part.length > 0) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(poison);
    bytes += size;
  }
  yield part;
}
