/**
 * Which partition a show belongs to: Kafka's standard partitioner, so that producers in other
 * languages reach the same line without knowing us.
 */

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** The partition of a show's line, 0…partitionCount − 1. */
export function partitionOf(showId: string, partitionCount: number): number {
  return (murmur2(Buffer.from(showId, "utf8")) & 0x7fff_ffff) % partitionCount;
}

/** MurmurHash2 with the seed of Kafka's clients (org.apache.kafka.common.utils.Utils.murmur2). */
export function murmur2(data: Uint8Array): number {
  const length = data.length;
  const view = new DataView(data.buffer, data.byteOffset, length);
  let h = SEED ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    let k = Math.imul(view.getInt32(index, true), M);
    k ^= k >>> R;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = length - index;
  if (rest >= 3) h ^= view.getUint8(index + 2) << 16;
  if (rest >= 2) h ^= view.getUint8(index + 1) << 8;
  if (rest >= 1) h = Math.imul(h ^ view.getUint8(index), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}
