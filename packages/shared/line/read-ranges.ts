/** Reads stretches of a topic once, from one offset to another, and is gone again. */
import { randomUUID } from "node:crypto";

import type { Consumer } from "kafkajs";

import { HOST } from "../runtime/host.ts";
import { withDeadline } from "../runtime/deadline.ts";
import { connectConsumer, guard, subscribe } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";
import type { TailMessage } from "./broker.ts";

/** From `from` on, up to and without `end`. */
export type Range = { readonly from: number; readonly end: number };

type RangeOptions = KafkaAddress & {
  readonly topic: string;
  /** By partition; what is not in here is not read. */
  readonly ranges: ReadonlyMap<number, Range>;
  readonly onMessage: (message: TailMessage) => void;
};

const SESSION_TIMEOUT_MS = 10_000;
const FETCH_WAIT_MS = 100;
/** A week of a busy line may take minutes; what takes longer does not get on. */
const READ_MAX_MS = 30 * 60_000;

/** Hands out the messages of each partition in order; rejects where they cannot be read. */
export async function readRanges(options: RangeOptions): Promise<void> {
  const { topic, log, clientId, onMessage } = options;
  const open = new Map([...options.ranges].filter(([, { from, end }]) => from < end));
  if (open.size === 0) return;
  const done = Promise.withResolvers<void>();
  const consumer = connectConsumer(
    {
      ...options,
      groupId: `${clientId}-${randomUUID()}`,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      onCrash: done.reject,
    },
    { maxWaitTimeInMs: FETCH_WAIT_MS },
  );
  consumer.on("consumer.group_join", ({ payload }) => {
    guard(log, () => {
      seekRanges(consumer, { topic, open, partitions: payload.memberAssignment[topic] ?? [] });
    });
  });
  try {
    await subscribe(consumer, { topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatch: (payload) => {
        const { batch } = payload;
        const { partition } = batch;
        const range = open.get(partition);
        for (const { offset, value } of batch.messages) {
          const at = Number(offset);
          if (range === undefined || at < range.from || at >= range.end || value === null) continue;
          onMessage({ partition, offset: at, text: value.toString("utf8") });
        }
        if (range !== undefined && Number(batch.lastOffset()) >= range.end - 1)
          open.delete(partition);
        if (!open.has(partition)) payload.pause();
        if (open.size === 0) done.resolve();
        return Promise.resolve();
      },
    });
    await withDeadline(done.promise, { host: HOST, deadlineMs: READ_MAX_MS });
  } finally {
    await consumer.disconnect();
  }
}

function seekRanges(
  consumer: Consumer,
  {
    topic,
    open,
    partitions,
  }: {
    readonly topic: string;
    readonly open: ReadonlyMap<number, Range>;
    readonly partitions: readonly number[];
  },
): void {
  for (const partition of partitions) {
    const range = open.get(partition);
    if (range === undefined) consumer.pause([{ topic, partitions: [partition] }]);
    else consumer.seek({ topic, partition, offset: String(range.from) });
  }
}
