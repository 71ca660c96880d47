/**
 * Booking ids: 128 bits that are a UUID to everyone else, and to us carry the partition and a MAC.
 * So an id that was never issued is known at once, without any look-up, and a confirm finds its line.
 *
 *   48 milliseconds (version 7) or keyed hash (version 8) · 12 partition · 30 random or hash · 32 MAC
 *
 * The version and variant bits stand where RFC 9562 wants them.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

import { assert } from "../core/assert.ts";
import { UUID_PATTERN } from "./values.ts";

export const PARTITIONS_MAX = 4096;

const MAC_BYTES = 4;
const SIGNED_BYTES = 12;
const UUID = new RegExp(UUID_PATTERN);

/**
 * The deployment's secrets: the first makes ids, all are accepted. The last makes the ids of idempotency
 * keys: a new secret in front must not give a key another id, or a retry would buy twice.
 */
export type IdSecrets = readonly [string, ...string[]];

export type IdempotencyKey = {
  /** Who asks: a hash of the credential, or the customer; empty if neither was given. */
  readonly client: string;
  readonly key: string;
};

/** A key for a booking is one of its show. */
type IdempotencyScope = IdempotencyKey & { readonly showId: string };

/** What makes an id unlike every other: when it is made, and chance. */
type Origin = {
  /** Milliseconds since 1970. */
  readonly dateMs: () => number;
  readonly randomBytes: (count: number) => Buffer;
};

/** A fresh id of version 7. */
export function buildBookingId(secrets: IdSecrets, partition: number, origin: Origin): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(origin.dateMs(), 0, 6);
  origin.randomBytes(4).copy(bytes, 8);
  return sign(secrets[0], bytes, { version: 7, partition });
}

/** The id that this idempotency key has for this show and client, at every gateway, for ever. */
export function buildKeyedBookingId(
  secrets: IdSecrets,
  partition: number,
  scope: IdempotencyScope,
): string {
  const secret = secrets.at(-1) ?? secrets[0];
  const hash = createHmac("sha256", secret)
    .update(JSON.stringify(["idempotency-key", scope.showId, scope.client, scope.key]))
    .digest();
  const bytes = Buffer.alloc(16);
  hash.copy(bytes, 0, 0, 6);
  hash.copy(bytes, 8, 6, 10);
  return sign(secret, bytes, { version: 8, partition });
}

/** The id of the show that this idempotency key creates, at every gateway, for ever. */
export function buildKeyedShowId(secrets: IdSecrets, { client, key }: IdempotencyKey): string {
  const bytes = createHmac("sha256", secrets.at(-1) ?? secrets[0])
    .update(JSON.stringify(["show", client, key]))
    .digest()
    .subarray(0, 16);
  return formatUuid(withVersion(bytes, 8));
}

/** The partition an id belongs to, or null if this deployment never issued it. */
export function parseBookingId(secrets: IdSecrets, id: string): { partition: number } | null {
  if (!UUID.test(id)) return null;
  const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
  const genuine = secrets.some((secret) =>
    timingSafeEqual(mac(secret, bytes), bytes.subarray(SIGNED_BYTES)),
  );
  return genuine ? { partition: bytes.readUInt16BE(6) & 0x0fff } : null;
}

/** The partition that stands in an id, whoever issued it: for ids that come from our own tables. */
export function readPartition(id: string): number {
  return Number.parseInt(id.slice(14, 18), 16) & 0x0fff;
}

/** A plain UUID of version 7 (RFC 9562, 5.7), for shows: theirs are no secret and carry nothing. */
export function buildShowId({ dateMs, randomBytes }: Origin): string {
  const bytes = Buffer.concat([Buffer.alloc(6), randomBytes(10)]);
  bytes.writeUIntBE(dateMs(), 0, 6);
  return formatUuid(withVersion(bytes, 7));
}

function sign(
  secret: string,
  bytes: Buffer,
  { version, partition }: { version: 7 | 8; partition: number },
): string {
  assert(partition >= 0 && partition < PARTITIONS_MAX, `partition ${partition} has 12 bits`);
  bytes.writeUInt16BE((version << 12) | partition, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  mac(secret, bytes).copy(bytes, SIGNED_BYTES);
  return formatUuid(bytes);
}

/** Sets the bits that RFC 9562 wants, in place. */
function withVersion(bytes: Buffer, version: 7 | 8): Buffer {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | (version << 4), 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes;
}

function formatUuid(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function mac(secret: string, bytes: Buffer): Buffer {
  return createHmac("sha256", secret)
    .update(bytes.subarray(0, SIGNED_BYTES))
    .digest()
    .subarray(0, MAC_BYTES);
}
