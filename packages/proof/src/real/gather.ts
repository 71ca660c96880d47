/**
 * Reads a history out of a running system: its topics from their beginnings to their ends, its tables in one
 * statement. It waits until everything is decided and published, but never longer than its deadline: then it gives
 * what there is, and the checker tells what is missing. Changes nothing.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import type { Sql } from "@seatline/shared/db/client.ts";
import { loadPartitions } from "@seatline/shared/db/load-partitions.ts";
import { parseRecord } from "@seatline/shared/contract/record.ts";
import { KafkaExtents } from "@seatline/shared/line/kafka-extents.ts";
import { connectConsumer } from "@seatline/shared/line/kafka.ts";
import type { KafkaAddress } from "@seatline/shared/line/kafka.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";

import type { History, Tables, TopicMessage } from "../history/history.ts";
import { loadTables } from "./load-tables.ts";

type GatherOptions = {
  readonly sql: Sql;
  readonly kafka: KafkaAddress;
  readonly topics: Topics;
  /** How long it may take until all is quiet. */
  readonly deadlineMs: number;
};

const LOOK_MS = 50;
const SESSION_TIMEOUT_MS = 10_000;
const FETCH_WAIT_MS = 100;
const FETCH_BYTES_MAX = 32 * 1024 * 1024;

/** All but what clients heard. Nobody should ask for anything meanwhile. */
export async function gatherSystem(
  options: GatherOptions,
): Promise<Pick<History, "topics" | "tables">> {
  const { sql, kafka, topics, deadlineMs } = options;
  const deadline = performance.now() + deadlineMs;
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await isSo()) && performance.now() < deadline) await pause(LOOK_MS);
  };
  const extents = new KafkaExtents(kafka, topics.requests);
  const reader = new TopicReader(kafka, topics);
  try {
    await reader.run();
    const findEnds = async () => {
      const found = await extents.load();
      return new Map([...found].map(([partition, { end }]) => [partition, end]));
    };
    for (;;) {
      await until(async () => isDecided(await loadPartitions(sql), await findEnds()));
      const tables = await loadTables(sql);
      const ends = await findEnds();
      const hasCome = buildArrival(tables, ends);
      await until(() => hasCome(reader));
      // A sweep may have asked for something meanwhile.
      const isQuiet = isDecided(tables.partitions, await findEnds());
      if (isQuiet || performance.now() > deadline) return { topics: reader.read(), tables };
    }
  } finally {
    await Promise.all([reader.close(), extents.close()]);
  }
}

type Ends = ReadonlyMap<number, number>;

function isDecided(partitions: Tables["partitions"], ends: Ends): boolean {
  return partitions.every(({ partition, nextOffset }) => nextOffset >= (ends.get(partition) ?? 0));
}

/** Whether all that the tables tell of has come, and the line up to its ends. */
function buildArrival({ records }: Tables, ends: Ends): (reader: TopicReader) => boolean {
  const changes = records
    .flatMap(({ body }) => parseRecord(body)?.entries ?? [])
    .reduce((sum, { changed }) => sum + changed.length, 0);
  return (reader) => {
    // An offset that nobody may read never comes, but it is passed.
    const isRead = [...ends].every(
      ([partition, end]) => end === 0 || reader.hasReached(partition, end - 1),
    );
    const { outcomes, events } = reader.read();
    if (!isRead || outcomes.length < records.length || events.length < changes) return false;
    return countTexts(events) >= changes && countTexts(outcomes) >= records.length;
  };
}

function countTexts(messages: readonly TopicMessage[]): number {
  return new Set(messages.map(({ value }) => value?.toString("utf8"))).size;
}

/** Reads the three topics of a line, from their beginnings on. */
class TopicReader {
  readonly #topics: Topics;
  readonly #consumer: ReturnType<typeof connectConsumer>;
  /** By topic, then by place: a message may be handed out twice. */
  readonly #messages = new Map<string, Map<string, TopicMessage>>();
  readonly #reached = new Map<number, number>();

  constructor(kafka: KafkaAddress, topics: Topics) {
    this.#topics = topics;
    this.#consumer = connectConsumer(
      {
        ...kafka,
        groupId: `${kafka.clientId}-${randomUUID()}`,
        sessionTimeoutMs: SESSION_TIMEOUT_MS,
        onCrash: (error) => {
          kafka.log.error({ err: error }, "the topics cannot be read any further");
        },
      },
      { maxWaitTimeInMs: FETCH_WAIT_MS, maxBytes: FETCH_BYTES_MAX },
    );
  }

  async run(): Promise<void> {
    const topics = Object.values(this.#topics);
    for (const topic of topics) this.#messages.set(topic, new Map());
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topics, fromBeginning: true });
    this.#consumer.on("consumer.end_batch_process", ({ payload }) => {
      const { topic, partition, lastOffset } = payload;
      if (topic !== this.#topics.requests) return;
      const reached = Math.max(Number(lastOffset), this.#reached.get(partition) ?? -1);
      this.#reached.set(partition, reached);
    });
    await this.#consumer.run({
      autoCommit: false,
      eachBatch: ({ batch: { topic, partition, messages } }) => {
        const seen = this.#messages.get(topic);
        for (const { offset, timestamp, key, value } of messages) {
          const appendedAt = Number(timestamp);
          const message = { partition, offset: Number(offset), appendedAt, key, value };
          seen?.set(`${partition}-${offset}`, message);
        }
        return Promise.resolve();
      },
    });
  }

  /** Whether the line was read up to an offset, whatever stands there. */
  hasReached(partition: number, offset: number): boolean {
    return (this.#reached.get(partition) ?? -1) >= offset;
  }

  /** What has come so far, each topic in the order of its offsets. */
  read(): History["topics"] {
    const { requests, outcomes, events } = this.#topics;
    const list = (topic: string) =>
      [...(this.#messages.get(topic)?.values() ?? [])].sort(
        (a, b) => a.partition - b.partition || a.offset - b.offset,
      );
    return { requests: list(requests), outcomes: list(outcomes), events: list(events) };
  }

  async close(): Promise<void> {
    await this.#consumer.disconnect();
  }
}
