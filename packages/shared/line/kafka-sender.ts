/** A connection to Kafka for sending. */
import { Partitioners } from "kafkajs";

import type { Ack, OutgoingMessage, Sender } from "./broker.ts";
import { connectKafka } from "./kafka.ts";
import type { KafkaAddress } from "./kafka.ts";

export async function connectSender(address: KafkaAddress, deadlineMs: number): Promise<Sender> {
  const producer = connectKafka({ ...address, requestTimeoutMs: deadlineMs, retries: 0 }).producer({
    allowAutoTopicCreation: false,
    // kafkajs' idempotent producer loses acknowledged messages after one lost reply (kafkajs#1005).
    idempotent: false,
    maxInFlightRequests: 1,
    // Every message names its partition; said only because kafkajs warns when nothing is said.
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  try {
    await producer.connect();
  } catch (error) {
    await producer.disconnect().catch(() => {
      // It never was connected.
    });
    throw error;
  }
  const send = async (messages: readonly OutgoingMessage[]): Promise<readonly Ack[]> => {
    const byTopic = Map.groupBy(messages, ({ topic }) => topic);
    const acks = await producer.sendBatch({
      acks: -1,
      timeout: deadlineMs,
      topicMessages: [...byTopic].map(([topic, its]) => ({
        topic,
        messages: its.map(({ partition, key, value }) => ({ partition, key, value })),
      })),
    });
    return acks.map(({ topicName: topic, partition, baseOffset }) => ({
      topic,
      partition,
      baseOffset: Number(baseOffset),
    }));
  };
  return { send, close: () => producer.disconnect() };
}
