/**
 * What belongs in an order never stands in a topic in another: behind a message without an ack none of its row is
 * sent any more. Planted faults: those behind it sent all the same; those of another row not sent either.
 */
import { Publisher } from "@seatline/shared/line/publisher.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";
import { expect, it } from "vitest";

import { Groups } from "./groups.ts";
import { Life } from "./life.ts";
import { Network, Server } from "./network.ts";
import type { StepFault } from "./network.ts";
import { buildSimulatedBroker } from "./simulated-broker.ts";
import { buildSimulatedHost } from "./simulated-host.ts";
import { TopicLog } from "./topic-log.ts";
import { World } from "./world.ts";

const TOPIC = "events";
/** More than one send takes. */
const MESSAGES = 2_500;

/** A publisher whose sends go wrong as told: the first question connects, each other one is a send. */
function build(faults: readonly (readonly [step: number, fault: StepFault])[]) {
  const world = new World(1);
  const life = new Life("worker-0", 1);
  const log = new TopicLog([TOPIC], { partitionCount: 1, clock: () => 0 });
  const network = new Network(world, {
    faults: new Map([["worker-0", new Map(faults)]]),
    kill: () => {},
  });
  const broker = buildSimulatedBroker(
    {
      world,
      network,
      server: new Server("broker"),
      log,
      groups: new Groups(world, 1),
      readers: new Set(),
    },
    life,
  );
  const publisher = new Publisher({
    host: buildSimulatedHost(world, life, () => 0),
    broker,
    log: buildLog("test", "silent"),
    deadlineMs: 5_000,
    queueMax: 2 * MESSAGES,
  });
  const texts = () => log.all(TOPIC).map(({ value }) => value?.toString());
  return { world, publisher, texts };
}

const message = (value: string) => ({ topic: TOPIC, partition: 0, key: "k", value });
const row = Array.from({ length: MESSAGES }, (_, index) => message(`${index}`));

it("sends a row in its order, in as many sends as it takes", async () => {
  const { world, publisher, texts } = build([]);
  const results = publisher.publishInOrder(row);
  await world.runUntil(() => texts().length === MESSAGES, 60_000);
  await world.runUntil(() => false, 5_000);
  expect(texts()).toEqual(row.map(({ value }) => value));
  expect((await results).every(({ status }) => status === "acked")).toBe(true);
});

it("sends a row with one send where nothing is under way", async () => {
  // Any send behind the first would be lost.
  const { world, publisher, texts } = build([[3, "lose-question"]]);
  publisher.connect();
  await world.runUntil(() => publisher.isConnected, 5_000);
  const results = publisher.publishInOrder(row.slice(0, 3));
  await world.runUntil(() => false, 5_000);
  expect(texts()).toEqual(["0", "1", "2"]);
  expect((await results).every(({ status }) => status === "acked")).toBe(true);
});

it.each([
  { name: "the first send is lost", faults: [[2, "lose-question"]] as const, arrives: 0 },
  { name: "the second send is lost", faults: [[3, "lose-question"]] as const, arrives: 1_000 },
])("sends nothing of a row behind what was lost: $name", async ({ faults, arrives }) => {
  const { world, publisher, texts } = build(faults);
  const results = publisher.publishInOrder(row);
  const other = publisher.publish(message("of nobody's row"));
  await world.runUntil(() => texts().includes("of nobody's row"), 60_000);
  await world.runUntil(() => false, 5_000);
  expect(texts().slice(0, -1)).toEqual(row.slice(0, arrives).map(({ value }) => value));
  const statuses = (await results).map(({ status }) => status);
  expect(statuses.filter((status) => status === "acked")).toHaveLength(arrives);
  expect((await other).status).toBe("acked");
});
