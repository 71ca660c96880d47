/** Acks tell the truth, bounds hold, and what has no ack in time is unknown, not failed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

import { openBrokerProxy, testGround } from "../testing/broker.ts";
import { TestLine } from "../testing/line.ts";
import type { TopicMessage } from "../testing/line.ts";
import { buildReadableLog } from "../testing/log-lines.ts";
import { TEST_PARTITIONS } from "../testing/servers.ts";
import type { Proxy } from "../testing/proxy.ts";
import { waitUntil } from "../testing/wait-until.ts";
import type { OutgoingMessage } from "./broker.ts";
import { Publisher } from "./publisher.ts";
import type { PublishResult } from "./publisher.ts";

const NOWHERE = ["127.0.0.1:1"];
const MESSAGES = 5_000;

type Options = Partial<ConstructorParameters<typeof Publisher>[0]> & {
  readonly brokers?: readonly string[];
};

describe("a publisher", () => {
  let line: TestLine;
  let requests: TopicMessage[];
  let outcomes: TopicMessage[];
  const publishers: Publisher[] = [];

  const build = ({ brokers, ...options }: Options = {}) => {
    const publisher = new Publisher({
      ...testGround("test-publisher", brokers === undefined ? {} : { brokers }),
      deadlineMs: 10_000,
      queueMax: 100_000,
      ...options,
    });
    publishers.push(publisher);
    return publisher;
  };
  const message = (value: string, partition = 0): OutgoingMessage => ({
    topic: line.topics.requests,
    partition,
    key: "key",
    value,
  });
  const arrived = async (value: string) =>
    await waitUntil(`${value} stands in the topic`, () => {
      const found = requests.filter((it) => it.value === value);
      return found.length > 0 && found;
    });

  beforeAll(async () => {
    line = await TestLine.open();
    [requests, outcomes] = await Promise.all([
      line.follow(line.topics.requests),
      line.follow(line.topics.outcomes),
    ]);
  });
  afterEach(async () => {
    await Promise.all(publishers.splice(0).map((publisher) => publisher.close()));
  });
  afterAll(async () => {
    await line.close();
  });

  it("tells each of many messages where it stands, over topics and partitions", async () => {
    const publisher = build();
    const messages = Array.from({ length: MESSAGES }, (_, index) => ({
      ...message(`m${index}`, index % TEST_PARTITIONS),
      topic: index % 7 === 0 ? line.topics.outcomes : line.topics.requests,
    }));
    const results = await Promise.all(messages.map((it) => publisher.publish(it)));
    await waitUntil("all of them came", () => requests.length + outcomes.length >= MESSAGES);
    const found = new Map<string, string>();
    for (const [topic, seen] of [
      [line.topics.requests, requests],
      [line.topics.outcomes, outcomes],
    ] as const) {
      for (const { partition, offset, value } of seen) {
        found.set(`${topic}/${partition}/${offset}`, value);
      }
    }
    const told = results.map((result, index) => {
      const { topic, partition } = messages[index] ?? message("");
      return result.status === "acked"
        ? found.get(`${topic}/${partition}/${result.offset}`)
        : result.status;
    });
    expect(told).toEqual(messages.map(({ value }) => value));
    expect(found.size).toBe(MESSAGES);
  });

  it("keeps the order in which messages of a partition were given to it", async () => {
    const publisher = build();
    const before = requests.length;
    const values = Array.from({ length: 2_000 }, (_, index) => `order ${index}`);
    await Promise.all(values.map((value) => publisher.publish(message(value, 1))));
    await waitUntil("all of them came", () => requests.length >= before + values.length);
    const came = requests.filter(({ value }) => value.startsWith("order "));
    expect(came.map(({ value }) => value)).toEqual(values);
  });

  it("does not resolve before the broker has the message", async () => {
    const proxy = await openBrokerProxy();
    const publisher = build({ brokers: [proxy.address], deadlineMs: 2_000 });
    expect(await publisher.publish(message("with an ack"))).toMatchObject({ status: "acked" });
    proxy.swallowAnswersTo("held back");
    let result: PublishResult | undefined;
    const published = publisher.publish(message("held back")).then((it) => (result = it));
    await arrived("held back");
    expect(result).toBeUndefined();
    expect(await published).toEqual({ status: "unknown" });
    await publisher.close();
    await proxy.close();
  });

  describe("when an ack is lost", () => {
    let proxy: Proxy;
    afterEach(async () => {
      await proxy.close();
    });

    it("says unknown, sends nothing again, and goes on with a new connection", async () => {
      proxy = await openBrokerProxy();
      const publisher = build({ brokers: [proxy.address], deadlineMs: 500 });
      expect(await publisher.publish(message("before"))).toMatchObject({ status: "acked" });
      proxy.swallowAnswersTo("the lost one");
      const lost = [publisher.publish(message("the lost one"))];
      await arrived("the lost one");
      // These wait behind it.
      lost.push(publisher.publish(message("behind it")), publisher.publish(message("behind, too")));
      expect(await Promise.all(lost)).toContainEqual({ status: "unknown" });
      proxy.mend();
      await waitUntil("it is acked again", async () => {
        const result = await publisher.publish(message("after"));
        return result.status === "acked";
      });
      expect(await arrived("the lost one")).toHaveLength(1);
      await publisher.close();
    });

    it("sends nothing again by itself when the connection breaks before the ack", async () => {
      proxy = await openBrokerProxy();
      const publisher = build({ brokers: [proxy.address] });
      expect(await publisher.publish(message("first"))).toMatchObject({ status: "acked" });
      proxy.swallowAnswersTo("once only");
      const once = publisher.publish(message("once only"));
      await arrived("once only");
      proxy.cut();
      proxy.mend();
      expect(await once).toEqual({ status: "unknown" });
      expect(await publisher.publish(message("the next"))).toMatchObject({ status: "acked" });
      await arrived("the next");
      expect(await arrived("once only")).toHaveLength(1);
      await publisher.close();
    });

    it("says unknown when the connection breaks, and goes on when the broker is back", async () => {
      proxy = await openBrokerProxy();
      const { log, lines } = buildReadableLog();
      const publisher = build({ brokers: [proxy.address], deadlineMs: 500, log });
      publisher.connect();
      await waitUntil("it is connected", () => publisher.isConnected);
      proxy.cut();
      const results = await Promise.all(
        ["a", "b", "c"].map((value) => publisher.publish(message(`cut ${value}`))),
      );
      expect(results.map(({ status }) => status)).toEqual(["unknown", "unknown", "unknown"]);
      await waitUntil("it has tried to connect", () =>
        lines.some(({ msg }) => msg.includes("cannot be reached")),
      );
      expect(publisher.isConnected).toBe(false);
      proxy.mend();
      await waitUntil("it is connected again", () => publisher.isConnected);
      const after = await publisher.publish(message("mended"));
      expect(after).toMatchObject({ status: "acked" });
      await publisher.close();
    });
  });

  it("says unknown where there is no broker, to everyone who waits", async () => {
    const publisher = build({ brokers: NOWHERE, deadlineMs: 100 });
    const results = await Promise.all([1, 2, 3].map((it) => publisher.publish(message(`n${it}`))));
    expect(results.map(({ status }) => status)).toEqual(["unknown", "unknown", "unknown"]);
  });

  it("says full at its bound, and takes no more than that", async () => {
    const publisher = build({ brokers: NOWHERE, deadlineMs: 200, queueMax: 3 });
    const results = [1, 2, 3, 4, 5].map((it) => publisher.publish(message(`f${it}`)));
    const statuses = (await Promise.all(results)).map(({ status }) => status);
    expect(statuses).toEqual(["unknown", "unknown", "unknown", "full", "full"]);
    // The bound is for what waits now, not for ever.
    expect(await publisher.publish(message("f6"))).toEqual({ status: "unknown" });
  });

  it("sends what waits before it closes, and takes nothing after", async () => {
    const publisher = build();
    const last = ["last 1", "last 2"].map((value) => publisher.publish(message(value)));
    await publisher.close();
    for (const result of last) expect(await result).toMatchObject({ status: "acked" });
    expect(await publisher.publish(message("too late"))).toEqual({ status: "full" });
  });

  it("leaves no connection behind when it is closed while it connects", async () => {
    const publisher = build();
    publisher.connect();
    await publisher.close();
    expect(publisher.isConnected).toBe(false);
  });
});
