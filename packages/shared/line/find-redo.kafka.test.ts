/** What the topic of outcomes tells of decisions that a restored database does not have. */
import { beforeEach, describe, expect, it } from "vitest";

import { FIRST_TAIL, RECORD_VERSION, encodeEntry, encodeRecord } from "../contract/record.ts";
import type { PartitionRow } from "../db/load-partitions.ts";
import { createTestTopics, testBroker, testGround } from "../testing/broker.ts";
import { buildParkedEntry } from "./entry.ts";
import { findRedo } from "./find-redo.ts";
import { Publisher } from "./publisher.ts";

const PARTITION = 1;

type Told = {
  readonly first: number;
  readonly next: number;
  readonly body: string;
  readonly tail: string;
};

/** A record of so many messages, decided at `now`, behind another. */
function tell(before: Pick<Told, "next" | "tail">, count: number, now: number): Told {
  const first = before.next;
  const entries = Array.from({ length: count }, (_, index) => {
    const moment = { place: { partition: PARTITION, offset: first + index }, appendedAt: 1, now };
    return encodeEntry(buildParkedEntry({ text: null, requestId: null }, moment, "none"));
  });
  const head = { v: RECORD_VERSION, partition: PARTITION, first, next: first + count } as const;
  const record = encodeRecord({ ...head, previousTail: before.tail, shows: [] }, entries);
  return { first, next: first + count, ...record };
}

const BEGIN = { next: 0, tail: FIRST_TAIL };

describe("findRedo", () => {
  let topic: string;
  beforeEach(async () => {
    topic = (await createTestTopics()).outcomes;
  });
  const publish = async (...told: readonly Told[]) => {
    const publisher = new Publisher({ ...testGround(), deadlineMs: 10_000, queueMax: 100 });
    for (const { body: value } of told) {
      await publisher.publish({ topic, partition: PARTITION, key: "any", value });
    }
    await publisher.close();
  };
  const find = ({ next: nextOffset, tail }: Pick<Told, "next" | "tail">) => {
    const rest = { publishedOffset: 0, logClock: 0, lastDigest: null, clockMs: 0 };
    const row: PartitionRow = { partition: PARTITION, nextOffset, tail, ...rest };
    return findRedo({ ...testBroker(), topic, loadPositions: () => Promise.resolve([row]) });
  };
  const rowOf = ({ first, next, tail }: Told, now: number) => {
    return expect.objectContaining({ partition: PARTITION, first, next, now, tail }) as unknown;
  };

  it("finds nothing where nothing was told, or nothing that the database lacks", async () => {
    expect(await find(BEGIN)).toEqual({ rows: [], incomplete: [] });
    const one = tell(BEGIN, 2, 100);
    await publish(one);
    expect(await find(one)).toEqual({ rows: [], incomplete: [] });
    expect(await find(tell(one, 3, 200))).toEqual({ rows: [], incomplete: [] });
  });

  it("finds what goes on where the database stops, by which clock, told once or more", async () => {
    const one = tell(BEGIN, 2, 100);
    const two = tell(one, 3, 200);
    const three = tell(two, 1, 300);
    await publish(one, two, two, three, one);
    expect(await find(one)).toEqual({ rows: [rowOf(two, 200), rowOf(three, 300)], incomplete: [] });
    expect((await find(BEGIN)).rows).toHaveLength(3);
  });

  it("finds it however many were told since", async () => {
    const told = [tell(BEGIN, 1, 1)];
    for (let now = 2; now <= 30; now++) told.push(tell(told.at(-1) ?? BEGIN, 1, now));
    await publish(...told);
    expect((await find(BEGIN)).rows.map(({ now }) => now)).toEqual(
      told.map((_, index) => index + 1),
    );
  });

  it("follows the later of two lives", async () => {
    const one = tell(BEGIN, 2, 100);
    const [before, after] = [tell(one, 3, 200), tell(one, 1, 900)];
    const last = tell(after, 5, 950);
    await publish(one, before, after, last);
    expect((await find(one)).rows).toEqual([rowOf(after, 900), rowOf(last, 950)]);
  });

  it("takes nothing of a history that the database does not have, and says that something is missing", async () => {
    const one = tell(BEGIN, 2, 100);
    await publish(one, tell(one, 3, 200));
    const other = { ...one, tail: "f".repeat(64) };
    expect(await find(other)).toEqual({ rows: [], incomplete: [PARTITION] });
    const far = tell(tell(tell(one, 3, 200), 1, 300), 1, 400);
    await publish(far);
    expect(await find(one)).toMatchObject({ rows: [{ first: 2 }], incomplete: [PARTITION] });
  });
});
