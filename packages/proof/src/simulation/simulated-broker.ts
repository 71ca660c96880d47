/** The simulated broker as one process sees it: over the network. */
import type { Broker, Extent, Sender } from "@seatline/shared/line/broker.ts";

import type { BrokerParts } from "./broker-parts.ts";
import { SimulatedGroupReader } from "./simulated-group-reader.ts";
import { SimulatedTailReader } from "./simulated-tail-reader.ts";
import type { Life } from "./life.ts";

/** In the topic and in the database. */
export const LINE_ID = "1000000000001";
const PATIENCE_MS = 5_000;

export function buildSimulatedBroker(parts: BrokerParts, life: Life): Broker {
  const { world, network, server, log } = parts;
  const connectSender = async (patienceMs: number): Promise<Sender> => {
    await network.ask(life, { server, patienceMs }, () => {});
    return {
      send: (messages) =>
        network.ask(life, { server, patienceMs }, (isWhole) =>
          log.appendAll(messages, () => isWhole || world.random.chance(0.5)),
        ),
      close: () => Promise.resolve(),
    };
  };
  return {
    connectSender,
    buildGroupReader: (options) => new SimulatedGroupReader({ ...parts, life }, options),
    buildTailReader: (options) => new SimulatedTailReader({ ...parts, life }, options),
    buildExtents: (topic) => {
      const load = () =>
        network.ask(life, { server, patienceMs: PATIENCE_MS }, () => log.extents(topic));
      const find = async (partition: number): Promise<Extent> => {
        const extent = (await load()).get(partition);
        if (extent === undefined) throw new Error(`${topic} has no partition ${partition}`);
        return extent;
      };
      const findTopic = () =>
        network.ask(life, { server, patienceMs: PATIENCE_MS }, () => ({ lineId: LINE_ID }));
      return { topic, load, find, findTopic, close: () => Promise.resolve() };
    },
  };
}
