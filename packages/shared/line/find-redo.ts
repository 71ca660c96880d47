/**
 * Finds what was decided and told before a backup was restored: the records in the topic of outcomes
 * that go on where the database stops. A line that is decided again by other clocks gives other holds, and
 * with them seats to other people; with the clocks of these records it is decided as it was.
 */
import { parseRecord, hashChain } from "../contract/record.ts";
import type { PartitionRow } from "../db/load-partitions.ts";
import type { RedoRow } from "../db/redo.ts";
import { KafkaExtents } from "./kafka-extents.ts";
import type { KafkaAddress } from "./kafka.ts";
import { readRanges } from "./read-ranges.ts";
import type { Range } from "./read-ranges.ts";
import type { TailMessage } from "./broker.ts";

type FindOptions = KafkaAddress & {
  /** Of the outcomes. */
  readonly topic: string;
  /** Asked after the topic, for a line may be decided meanwhile: what is told then is committed. */
  readonly loadPositions: () => Promise<readonly PartitionRow[]>;
};

export type Redo = {
  readonly rows: readonly RedoRow[];
  /** Partitions of which something is told that the database lacks, and not all of it is there. */
  readonly incomplete: readonly number[];
};

/** More than a frozen worker tells a second time when it wakes. */
const LAST_MESSAGES = 10;

type Told = RedoRow & { readonly previousTail: string };

/** Throws what kafkajs and Postgres throw. */
export async function findRedo({ loadPositions, ...options }: FindOptions): Promise<Redo> {
  const extents = new KafkaExtents(options, options.topic);
  const ranges = await extents.load();
  await extents.close();
  const lastOf = ({ low, end }: { low: number; end: number }): Range => {
    return { from: Math.max(low, end - LAST_MESSAGES), end };
  };
  const read = async (wanted: ReadonlyMap<number, Range>) => {
    const told: Told[] = [];
    const onMessage = (message: TailMessage) => {
      const one = readTold(message);
      if (one !== null) told.push(one);
    };
    await readRanges({ ...options, ranges: wanted, onMessage });
    return told;
  };
  const last = await read(new Map([...ranges].map(([number, extent]) => [number, lastOf(extent)])));
  const behind = (await loadPositions()).filter(({ partition, nextOffset }) =>
    last.some((one) => one.partition === partition && one.next > nextOffset),
  );
  const all = await read(
    new Map(
      behind.map(({ partition }) => {
        const { low = 0, end = 0 } = ranges.get(partition) ?? {};
        return [partition, { from: low, end }];
      }),
    ),
  );
  const chains = behind.map((position) => buildChain(position, all));
  const isWhole = (chain: readonly RedoRow[], partition: number) => {
    const ends = last.filter((one) => one.partition === partition).map(({ next }) => next);
    return (chain.at(-1)?.next ?? 0) >= Math.max(...ends);
  };
  return {
    rows: chains.flat(),
    incomplete: behind
      .map(({ partition }) => partition)
      .filter((partition, index) => !isWhole(chains[index] ?? [], partition)),
  };
}

function readTold({ text }: TailMessage): Told | null {
  const record = parseRecord(text);
  const [entry] = record?.entries ?? [];
  if (record === null || entry === undefined) return null;
  const { partition, first, next, previousTail } = record;
  const tail = hashChain(previousTail, text);
  return { partition, first, next, now: entry.now, previousTail, tail };
}

/** The records that follow from a position, each from the one before. Told twice, the later one counts. */
function buildChain(
  { partition, nextOffset, tail }: PartitionRow,
  told: readonly Told[],
): RedoRow[] {
  const keyOf = (first: number, previousTail: string) => `${first} ${previousTail}`;
  const byStart = new Map(
    told
      .filter((one) => one.partition === partition)
      .map((one) => [keyOf(one.first, one.previousTail), one]),
  );
  const chain: RedoRow[] = [];
  for (
    let one = byStart.get(keyOf(nextOffset, tail));
    one !== undefined;
    one = byStart.get(keyOf(one.next, one.tail))
  ) {
    chain.push(one);
  }
  return chain;
}
