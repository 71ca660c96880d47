/**
 * Members that come into the group of the booking-workers and leave it again, all the time: they get partitions and
 * decide nothing, and each coming and going is a rebalance.
 */
import { setTimeout as pause } from "node:timers/promises";

import { connectConsumer } from "@seatline/shared/line/kafka.ts";
import type { KafkaAddress } from "@seatline/shared/line/kafka.ts";

type Group = KafkaAddress & {
  readonly groupId: string;
  readonly topic: string;
  readonly sessionTimeoutMs: number;
};

const FETCH_WAIT_MS = 100;
const STAY_MS = 300;

/** They come until told to stop; `stop` resolves when the last has left. */
export function bringStrangers(group: Group): { readonly stop: () => Promise<void> } {
  const end = new AbortController();
  const visits = (async () => {
    while (!end.signal.aborted) await visit(group);
  })();
  return {
    stop: async () => {
      end.abort();
      await visits;
    },
  };
}

async function visit({ topic, ...group }: Group): Promise<void> {
  const consumer = connectConsumer(
    { ...group, onCrash: () => {} },
    { maxWaitTimeInMs: FETCH_WAIT_MS },
  );
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
  } catch {
    // The broker may be away, too: then nobody comes.
  }
  await pause(STAY_MS);
  await consumer.disconnect().catch(() => {});
}
