/** The partitioner is Kafka's: held against its own test vectors, and against kafkajs. */
import { randomBytes } from "node:crypto";

import { Partitioners } from "kafkajs";
import { describe, expect, it } from "vitest";

import { murmur2, partitionOf } from "./partition.ts";

/** org.apache.kafka.common.utils.UtilsTest.testMurmur2. */
const KAFKA_VECTORS: readonly (readonly [string, number])[] = [
  ["21", -973_932_308],
  ["foobar", -790_332_482],
  ["a-little-bit-long-string", -985_981_536],
  ["a-little-bit-longer-string", -1_486_304_829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971],
  ["abc", 479_470_107],
];

describe("murmur2", () => {
  it.each(KAFKA_VECTORS)("hashes %s as Kafka does", (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  it("reads a view of a larger buffer, not the buffer", () => {
    const bytes = Buffer.from("--foobar--");
    expect(murmur2(bytes.subarray(2, 8))).toBe(-790_332_482);
  });
});

describe("partitionOf", () => {
  const kafkajs = Partitioners.DefaultPartitioner();
  const partitionMetadata = (count: number) =>
    Array.from({ length: count }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 1,
      replicas: [1],
      isr: [1],
    }));

  it.each([1, 2, 3, 12, 100, 4096])("chooses as kafkajs does among %i", (count) => {
    const metadata = partitionMetadata(count);
    for (let round = 0; round < 300; round++) {
      const key = randomBytes(round % 40).toString("base64");
      const message = { key, value: null };
      const wanted = kafkajs({ topic: "any", partitionMetadata: metadata, message });
      expect(partitionOf(key, count)).toBe(wanted);
    }
  });

  it("takes text as UTF-8", () => {
    const metadata = partitionMetadata(97);
    for (const key of ["Zoë", "🎟", "日本語"]) {
      const wanted = kafkajs({
        topic: "t",
        partitionMetadata: metadata,
        message: { key, value: null },
      });
      expect(partitionOf(key, 97)).toBe(wanted);
    }
  });
});
