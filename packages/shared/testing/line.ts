/**
 * A whole line for tests: a database and topics of its own, a hand that puts messages in, and eyes on
 * what comes out. What decides is not here.
 */
import { randomUUID } from "node:crypto";

import { Partitioners } from "kafkajs";
import type { Consumer } from "kafkajs";

import { hashChain, parseRecord } from "../contract/record.ts";
import type { LineRecord, RecordEntry } from "../contract/record.ts";
import { encodeRequest } from "../contract/request.ts";
import type { Request } from "../core/requests.ts";
import type { Sql } from "../db/client.ts";
import { connectKafka } from "../line/kafka.ts";
import { Publisher } from "../line/publisher.ts";
import type { Topics } from "../line/topics.ts";
import {
  bindDatabase,
  buildTopicPrefix,
  createTestTopics,
  testBroker,
  testGround,
} from "./broker.ts";
import { createDatabase } from "./database.ts";
import type { TestDatabase } from "./database.ts";
import { homeOf } from "./requests.ts";
import { waitUntil } from "./wait-until.ts";

const PUBLISH_DEADLINE_MS = 20_000;
const QUEUE_MAX = 100_000;

export type TopicMessage = {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: string;
};

export class TestLine {
  readonly prefix: string;
  readonly database: TestDatabase;
  readonly topics: Topics;
  readonly #publisher = new Publisher({
    ...testGround("test-line"),
    deadlineMs: PUBLISH_DEADLINE_MS,
    queueMax: QUEUE_MAX,
  });
  readonly #readers: Consumer[] = [];

  private constructor(prefix: string, database: TestDatabase, topics: Topics) {
    this.prefix = prefix;
    this.database = database;
    this.topics = topics;
  }

  static async open(): Promise<TestLine> {
    const prefix = buildTopicPrefix();
    const [database, topics] = await Promise.all([createDatabase(), createTestTopics(prefix)]);
    await bindDatabase(database.sql, topics);
    return new TestLine(prefix, database, topics);
  }

  get sql(): Sql {
    return this.database.sql;
  }

  /** Puts requests into their lines, in order; gives the offset of each. */
  async ask(...requests: readonly Request[]): Promise<number[]> {
    return await this.put(
      ...requests.map((request) => ({ partition: homeOf(request), value: encodeRequest(request) })),
    );
  }

  /** Puts any text into the line. */
  async put(
    ...messages: readonly { readonly partition: number; readonly value: string }[]
  ): Promise<number[]> {
    const { requests: topic } = this.topics;
    const results = await Promise.all(
      messages.map((message) => this.#publisher.publish({ topic, key: "any", ...message })),
    );
    return results.map((result) => {
      if (result.status !== "acked") throw new Error(`the test's own message is ${result.status}`);
      return result.offset;
    });
  }

  /** Puts bytes into the line as no producer of ours would. */
  async putBytes(partition: number, value: Buffer | null): Promise<number> {
    const producer = connectKafka({
      ...testBroker("test-stranger"),
      requestTimeoutMs: 10_000,
      retries: 8,
    }).producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    try {
      const { requests: topic } = this.topics;
      const [ack] = await producer.send({ topic, messages: [{ partition, key: null, value }] });
      return Number(ack?.baseOffset);
    } finally {
      await producer.disconnect();
    }
  }

  /** Waits until a partition is decided up to an offset. */
  async decidedUpTo(partition: number, next: number): Promise<void> {
    await waitUntil(`partition ${partition} is decided up to ${next}`, async () => {
      const [row] = await this.sql<{ next: number }[]>`
        select next_offset::float8 as next from partitions where partition = ${partition}`;
      return (row?.next ?? 0) >= next;
    });
  }

  /** Everything that was decided in a partition, in order; throws if the records are not one chain. */
  async readEntries(partition: number): Promise<RecordEntry[]> {
    const rows = await this.sql<{ body: string; tail: string }[]>`
      select body, encode(tail, 'hex') as tail from records
       where partition = ${partition} order by first_offset`;
    const records = rows.map(({ body, tail }) => {
      const record = readRecord(body);
      if (hashChain(record.previousTail, body) !== tail)
        throw new Error("a tail covers its record");
      return record;
    });
    checkChain(records);
    for (const [index, record] of records.entries()) {
      const before = rows[index - 1]?.tail;
      if (before !== undefined && before !== record.previousTail)
        throw new Error("the tails chain");
    }
    return records.flatMap(({ entries }) => entries);
  }

  /** Follows a topic from its beginning: the array grows as messages come. */
  async follow(topic: string): Promise<TopicMessage[]> {
    const seen: TopicMessage[] = [];
    const consumer = connectKafka({
      ...testBroker("test-reader"),
      requestTimeoutMs: 10_000,
      retries: 8,
    }).consumer({ groupId: `${this.prefix}.${randomUUID()}`, maxWaitTimeInMs: 100 });
    this.#readers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ partition, message: { offset, key, value } }) => {
        seen.push({
          partition,
          offset: Number(offset),
          key: key?.toString("utf8") ?? "",
          value: value?.toString("utf8") ?? "",
        });
        return Promise.resolve();
      },
    });
    return seen;
  }

  async close(): Promise<void> {
    await Promise.all([
      this.#publisher.close(),
      ...this.#readers.map((reader) => reader.disconnect()),
    ]);
    await this.database.close();
  }
}

/** What a reader of outcomes makes of them: records it has seen are dropped, a gap is an error. */
export function readInOrder(messages: readonly TopicMessage[], partition: number): LineRecord[] {
  const records: LineRecord[] = [];
  for (const message of messages) {
    if (message.partition !== partition) continue;
    const record = readRecord(message.value);
    if (record.first < (records.at(-1)?.next ?? 0)) continue;
    records.push(record);
  }
  checkChain(records);
  return records;
}

function readRecord(body: string): LineRecord {
  const record = parseRecord(body);
  if (record === null) throw new Error("a record can be read");
  return record;
}

function checkChain(records: readonly LineRecord[]): void {
  let next = 0;
  for (const record of records) {
    if (record.first !== next) throw new Error(`records have a gap: ${next} … ${record.first}`);
    const offsets = record.entries.map(({ offset }) => offset);
    const wanted = Array.from({ length: record.next - record.first }, (_, index) => next + index);
    if (offsets.join() !== wanted.join()) throw new Error("a record has an entry for each offset");
    ({ next } = record);
  }
}
