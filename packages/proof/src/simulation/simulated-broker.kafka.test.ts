/**
 * The simulated broker keeps the promises of Kafka, as far as the line relies on them: every rule below is tried
 * on both.
 */
import { buildKafkaBroker } from "@seatline/shared/line/kafka-broker.ts";
import type { Broker, GroupOptions, OutgoingMessage } from "@seatline/shared/line/broker.ts";
import type { LineMessage } from "@seatline/shared/line/feed.ts";
import { createTestTopics, openBrokerProxy, testBroker } from "@seatline/shared/testing/broker.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";
import { afterEach, describe, expect, it } from "vitest";

import { Groups } from "./groups.ts";
import { Life } from "./life.ts";
import { Network, Server } from "./network.ts";
import { buildSimulatedBroker } from "./simulated-broker.ts";
import { TopicLog } from "./topic-log.ts";
import { DAWN_MS, World } from "./world.ts";

const DEADLINE_MS = 5_000;
/** The least that a broker takes as it comes. */
const SESSION_TIMEOUT_MS = 6_000;
const PARTITIONS = Array.from({ length: TEST_PARTITIONS }, (_, partition) => partition);

/** A broker under test, with what a test needs beside it. */
type Ground = {
  readonly broker: Broker;
  readonly topic: string;
  /** Another process' view of the same broker. */
  readonly another: () => Broker;
  /** Cuts every connection of the first process, and takes no other until it is mended. */
  readonly cut: () => void;
  readonly mend: () => void;
  readonly until: (what: string, isSo: () => boolean | Promise<boolean>) => Promise<void>;
  readonly close: () => Promise<void>;
};

async function openKafka(): Promise<Ground> {
  const [topics, proxy] = await Promise.all([createTestTopics(), openBrokerProxy()]);
  const connect = (brokers: readonly string[]) =>
    buildKafkaBroker({ ...testBroker("conformance"), brokers });
  return {
    broker: connect([proxy.address]),
    topic: topics.requests,
    another: () => connect(testBroker().brokers),
    cut: () => {
      proxy.cut();
    },
    mend: () => {
      proxy.mend();
    },
    until: async (what, isSo) => {
      await waitUntil(what, isSo);
    },
    close: () => proxy.close(),
  };
}

function openSimulated(): Promise<Ground> {
  const world = new World(1);
  const server = new Server("broker");
  const topic = "requests";
  const log = new TopicLog([topic], {
    partitionCount: TEST_PARTITIONS,
    clock: () => DAWN_MS + Math.floor(world.nowMs),
  });
  const network = new Network(world, { faults: new Map(), kill: () => {} });
  const groups = new Groups(world, TEST_PARTITIONS);
  const readers = new Set<{ rejoin: () => void }>();
  const parts = { world, network, server, log, groups, readers };
  const time = { isPassing: true };
  let lives = 0;
  const first = new Life("first", (lives += 1));
  const ground: Ground = {
    broker: buildSimulatedBroker(parts, first),
    topic,
    another: () => buildSimulatedBroker(parts, new Life("another", (lives += 1))),
    cut: () => {
      server.state = "down";
      groups.isAway = true;
      network.cut(first, server);
    },
    mend: () => {
      server.state = "up";
      groups.isAway = false;
      for (const reader of readers) reader.rejoin();
    },
    until: async (what, isSo) => {
      await waitUntil(what, isSo);
    },
    close: () => {
      time.isPassing = false;
      return Promise.resolve();
    },
  };
  // Its time passes while the test runs.
  const pass = async () => {
    while (time.isPassing) {
      await world.runUntil(() => !time.isPassing, 50);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  };
  void pass();
  return Promise.resolve(ground);
}

describe.each([
  { name: "Kafka", open: openKafka },
  { name: "the simulated broker", open: openSimulated },
])("$name", ({ open }) => {
  const closers: (() => Promise<void>)[] = [];
  const start = async () => {
    const ground = await open();
    closers.push(() => ground.close());
    return ground;
  };
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  /** A member of a group, with all that it was handed; it takes everything unless told otherwise. */
  const join = async (
    { topic }: Ground,
    broker: Broker,
    { groupId, takes = (_, messages) => messages.length }: JoinOptions,
  ) => {
    const got: (LineMessage & { partition: number })[] = [];
    const assigned: (readonly number[])[] = [];
    const fetches: boolean[] = [];
    let disconnects = 0;
    const reader = broker.buildGroupReader({
      topic,
      groupId,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      events: {
        onAssigned: (partitions) => assigned.push(partitions),
        onMessages: (partition, messages) => {
          const taken = takes(partition, messages);
          for (const message of messages.slice(0, taken)) got.push({ ...message, partition });
          return taken;
        },
        onFetch: (_, isOut) => fetches.push(isOut),
        onDisconnect: () => (disconnects += 1),
        onCrash: (error) => {
          throw error;
        },
      },
    });
    closers.push(() => reader.close());
    await reader.run();
    const offsetsOf = (partition: number) =>
      got.filter((it) => it.partition === partition).map(({ offset }) => offset);
    return { reader, got, assigned, fetches, offsetsOf, disconnects: () => disconnects };
  };
  const connect = async (broker: Broker) => {
    const sender = await broker.connectSender(DEADLINE_MS);
    closers.push(() => sender.close());
    return sender;
  };
  const messagesTo = ({ topic }: Ground, partition: number, ...values: string[]) =>
    values.map((value): OutgoingMessage => ({ topic, partition, key: `key of ${value}`, value }));

  it("acks with the offset at which the messages of each partition begin", async () => {
    const ground = await start();
    const sender = await connect(ground.broker);
    const first = [...messagesTo(ground, 0, "a", "b"), ...messagesTo(ground, 1, "c")];
    const byPartition = (acks: readonly { partition: number; baseOffset: number }[]) =>
      Object.fromEntries(acks.map(({ partition, baseOffset }) => [partition, baseOffset]));
    expect(byPartition(await sender.send(first))).toEqual({ 0: 0, 1: 0 });
    expect(byPartition(await sender.send(messagesTo(ground, 0, "d")))).toEqual({ 0: 2 });
    const extents = ground.broker.buildExtents(ground.topic);
    closers.push(() => extents.close());
    expect(Object.fromEntries(await extents.load())).toEqual({
      0: { low: 0, end: 3 },
      1: { low: 0, end: 1 },
      2: { low: 0, end: 0 },
    });
    expect(await extents.find(0)).toEqual({ low: 0, end: 3 });
    await expect(extents.find(TEST_PARTITIONS)).rejects.toThrow("has no partition 3");
  });

  it("hands a group every message from the beginning on, in order, as it was sent", async () => {
    const ground = await start();
    const sender = await connect(ground.broker);
    await sender.send(messagesTo(ground, 0, "a", "b"));
    const member = await join(ground, ground.broker, { groupId: "whole" });
    await sender.send([...messagesTo(ground, 0, "c"), ...messagesTo(ground, 2, "z")]);
    await ground.until("all has come", () => member.got.length === 4);
    expect(member.assigned).toEqual([PARTITIONS]);
    expect(member.offsetsOf(0)).toEqual([0, 1, 2]);
    const texts = member.got.map(({ key, value }) => `${key?.toString()}: ${value?.toString()}`);
    expect(texts.sort()).toEqual(["a", "b", "c", "z"].map((it) => `key of ${it}: ${it}`));
    const times = member.got.filter(({ partition }) => partition === 0).map((it) => it.appendedAt);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    // One fetch is out at a time.
    const fetches = member.fetches.slice(0, 4);
    expect(fetches).toEqual(fetches.map((_, index) => index % 2 === 0));
  });

  it("hands out again what was not taken, when it is wanted, and nothing before", async () => {
    const ground = await start();
    const sender = await connect(ground.broker);
    await sender.send(messagesTo(ground, 0, "a", "b", "c"));
    let room = 1;
    const member = await join(ground, ground.broker, {
      groupId: "pause",
      takes: (_, messages) => messages.filter(({ offset }) => offset < room).length,
    });
    await ground.until("the first has come", () => member.got.length === 1);
    await sender.send(messagesTo(ground, 1, "other"));
    room = 10;
    await ground.until("another partition goes on", () => member.offsetsOf(1).length === 1);
    expect(member.offsetsOf(0)).toEqual([0]);
    member.reader.resume(0);
    await ground.until("the rest has come", () => member.offsetsOf(0).length === 3);
    expect(member.offsetsOf(0)).toEqual([0, 1, 2]);
  });

  it("goes on at the offset that is sought", async () => {
    const ground = await start();
    const sender = await connect(ground.broker);
    await sender.send(messagesTo(ground, 0, "a", "b", "c"));
    const member = await join(ground, ground.broker, { groupId: "seek" });
    await ground.until("all has come", () => member.got.length === 3);
    member.reader.seek(0, 1);
    await ground.until("it comes again", () => member.offsetsOf(0).length === 5);
    expect(member.offsetsOf(0)).toEqual([0, 1, 2, 1, 2]);
  });

  it("deals the partitions out among the members, and anew when one leaves", async () => {
    const ground = await start();
    const one = await join(ground, ground.broker, { groupId: "deal" });
    await ground.until("one has all", () => one.assigned.at(-1)?.length === TEST_PARTITIONS);
    const other = await join(ground, ground.another(), { groupId: "deal" });
    const dealt = () => [...(one.assigned.at(-1) ?? []), ...(other.assigned.at(-1) ?? [])];
    await ground.until("each partition is somebody's", () => {
      const all = dealt();
      const isShared = [one, other].every(({ assigned }) => (assigned.at(-1) ?? []).length > 0);
      return isShared && all.length === TEST_PARTITIONS && new Set(all).size === TEST_PARTITIONS;
    });
    await one.reader.close();
    await ground.until("it is dealt anew", () => (other.assigned.at(-1) ?? []).length > 2);
    expect(other.assigned.at(-1)).toEqual(PARTITIONS);
  });

  it("begins for a new member where the group has committed", async () => {
    const ground = await start();
    const sender = await connect(ground.broker);
    await sender.send(messagesTo(ground, 0, "a", "b", "c"));
    const one = await join(ground, ground.broker, { groupId: "commit" });
    await ground.until("all has come", () => one.got.length === 3);
    await one.reader.commitOffset(0, 2);
    await one.reader.close();
    const other = await join(ground, ground.another(), { groupId: "commit" });
    await ground.until("it has come", () => other.got.length === 1);
    expect(other.offsetsOf(0)).toEqual([2]);
  });

  it("hands the reader of a tail, from some moment on, all that is published, in order", async () => {
    const ground = await start();
    const sender = await connect(ground.broker);
    await sender.send(messagesTo(ground, 0, "before"));
    const tail = await follow(ground);
    closers.push(tail.close);
    // Just behind the join some may still be missed: its place is looked up only then.
    let sent = 0;
    const numbers = () =>
      tail
        .texts(0)
        .filter((text) => text !== "before")
        .map(Number);
    while (numbers().length < 10) {
      await sender.send(messagesTo(ground, 0, `${sent}`, `${sent + 1}`));
      sent += 2;
    }
    await ground.until("the last has come", () => numbers().includes(sent - 1));
    const [first = 0] = numbers();
    expect(numbers()).toEqual(Array.from({ length: sent - first }, (_, index) => first + index));
  });

  it("says that a send is lost whose connection breaks, and takes the next", async () => {
    const ground = await start();
    const sender = await connect(ground.broker);
    ground.cut();
    await expect(sender.send(messagesTo(ground, 0, "a"))).rejects.toThrow(/connect/i);
    await expect(ground.broker.connectSender(DEADLINE_MS)).rejects.toThrow(/connect/i);
    ground.mend();
    const next = await connect(ground.broker);
    const [ack] = await next.send(messagesTo(ground, 0, "b"));
    expect([0, 1]).toContain(ack?.baseOffset);
  });

  it("reads on by itself when its connection was broken, and says that it was", async () => {
    const ground = await start();
    const [sender, tail] = await Promise.all([connect(ground.another()), follow(ground)]);
    closers.push(tail.close);
    const member = await join(ground, ground.broker, { groupId: "broken" });
    await sender.send(messagesTo(ground, 0, "a"));
    await ground.until("it reads", () => member.got.length === 1);
    ground.cut();
    await ground.until("it says so", () => member.disconnects() > 0);
    ground.mend();
    await sender.send(messagesTo(ground, 0, "b"));
    await ground.until("it reads on", () => member.offsetsOf(0).includes(1));
    expect(member.offsetsOf(0)).toContain(0);
    let sent = 0;
    await ground.until("the tail reads on", async () => {
      await sender.send(messagesTo(ground, 0, `later ${(sent += 1)}`));
      return tail.texts(0).some((text) => text.startsWith("later"));
    });
  });
});

type JoinOptions = Pick<GroupOptions, "groupId"> & {
  readonly takes?: (partition: number, messages: readonly LineMessage[]) => number;
};

async function follow({ broker, topic, until }: Ground) {
  const got: { partition: number; text: string }[] = [];
  let joins = 0;
  const reader = broker.buildTailReader({
    topic,
    onMessage: (message) => got.push(message),
    onJoined: () => (joins += 1),
    onCrash: (error) => {
      throw error;
    },
  });
  await reader.run();
  await until("the tail is joined", () => joins > 0);
  return {
    texts: (of: number) => got.filter(({ partition }) => partition === of).map(({ text }) => text),
    close: () => reader.close(),
  };
}
