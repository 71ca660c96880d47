/** Kafka as the line's broker. */
import type { Broker } from "./broker.ts";
import type { KafkaAddress } from "./kafka.ts";
import { KafkaExtents } from "./kafka-extents.ts";
import { KafkaGroupReader } from "./kafka-group.ts";
import { connectSender } from "./kafka-sender.ts";
import { KafkaTailReader } from "./kafka-tail.ts";

/** Opens nothing yet. */
export function buildKafkaBroker(address: KafkaAddress): Broker {
  return {
    connectSender: (deadlineMs) => connectSender(address, deadlineMs),
    buildGroupReader: (options) => new KafkaGroupReader(address, options),
    buildTailReader: (options) => new KafkaTailReader(address, options),
    buildExtents: (topic) => new KafkaExtents(address, topic),
  };
}
