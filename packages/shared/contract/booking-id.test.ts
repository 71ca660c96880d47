/** Ids carry their partition, show whether we issued them, and are the same for the same key. */
import { createHmac, randomUUID } from "node:crypto";

import { describe, expect, it } from "vitest";

import { AssertionError } from "../core/assert.ts";
import { HOST } from "../runtime/host.ts";
import {
  PARTITIONS_MAX,
  buildBookingId,
  buildKeyedBookingId,
  buildKeyedShowId,
  buildShowId,
  parseBookingId,
  readPartition,
} from "./booking-id.ts";
import type { IdSecrets } from "./booking-id.ts";

const SECRETS: IdSecrets = ["the first secret"];
const NOW = Date.UTC(2026, 10, 22);
const at = (ms: number) => ({ ...HOST, dateMs: () => ms });
const SCOPE = { showId: "a show", client: "a client", key: "a key" };
const PARTITIONS = [0, 1, 7, 255, 256, 4094, PARTITIONS_MAX - 1];
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The same id with one bit of its 128 turned over. */
function flip(id: string, bit: number): string {
  const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
  bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
  const hex = bytes.toString("hex");
  const [a, b, c, d] = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [a, b, c, d, hex.slice(20)].join("-");
}

describe.each(PARTITIONS)("an id of partition %i", (partition) => {
  const fresh = buildBookingId(SECRETS, partition, at(NOW));
  const keyed = buildKeyedBookingId(SECRETS, partition, SCOPE);

  it("gives the partition back", () => {
    for (const id of [fresh, keyed]) {
      expect(parseBookingId(SECRETS, id)).toEqual({ partition });
      expect(readPartition(id)).toBe(partition);
    }
  });

  it("is a UUID of version 7, or 8 from a key, of the variant that RFC 9562 wants", () => {
    expect(fresh).toMatch(UUID);
    expect(keyed).toMatch(UUID);
    expect([fresh[14], keyed[14]]).toEqual(["7", "8"]);
  });

  it("is none when a single bit of it is changed", () => {
    for (const id of [fresh, keyed]) {
      for (let bit = 0; bit < 128; bit++) expect(parseBookingId(SECRETS, flip(id, bit))).toBeNull();
    }
  });
});

describe("an id", () => {
  it("begins with the time", () => {
    const id = buildBookingId(SECRETS, 0, at(NOW));
    expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(NOW);
  });

  it("is another one each time", () => {
    // Ten in a millisecond, as a busy partition may have: 10,000 in one would meet by chance in every
    // twentieth run, for 30 bits are not more.
    const ids = Array.from({ length: 10_000 }, (_, index) =>
      buildBookingId(SECRETS, 3, at(NOW + Math.floor(index / 10))),
    );
    expect(new Set(ids).size).toBe(ids.length);
    // 30 random bits beside the MAC, all of them in use.
    const seen = ids.reduce((all, id) => all | Number.parseInt(id.slice(19, 23), 16), 0);
    expect(seen).toBe(0xbfff);
  });

  it("of another deployment is none of ours", () => {
    const foreign = buildBookingId(["another secret"], 3, at(NOW));
    expect(parseBookingId(SECRETS, foreign)).toBeNull();
    expect(parseBookingId(SECRETS, randomUUID())).toBeNull();
  });

  it.each([
    "",
    "x",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
    buildBookingId(SECRETS, 3, at(NOW)).toUpperCase(),
    `${buildBookingId(SECRETS, 3, at(NOW))}0`,
    ` ${buildBookingId(SECRETS, 3, at(NOW))}`,
    `${buildBookingId(SECRETS, 3, at(NOW))}\n`,
    buildBookingId(SECRETS, 3, at(NOW)).replaceAll("-", ""),
    buildBookingId(SECRETS, 3, at(NOW)).replace("-", "_"),
    "'; drop table bookings; --",
    "\u0000".repeat(36),
    "é".repeat(36),
  ])("that is %j is none", (id) => {
    expect(parseBookingId(SECRETS, id)).toBeNull();
  });

  it("stays good while its secret is in the list, wherever it stands there", () => {
    const id = buildBookingId(["old"], 3, at(NOW));
    expect(parseBookingId(["new", "old"], id)).toEqual({ partition: 3 });
    expect(parseBookingId(["newest", "new", "old"], id)).toEqual({ partition: 3 });
    expect(parseBookingId(["new"], id)).toBeNull();
    expect(parseBookingId(["old"], buildBookingId(["new", "old"], 3, at(NOW)))).toBeNull();
  });

  it("has the MAC that its description says", () => {
    const bytes = Buffer.from(buildBookingId(SECRETS, 3, at(NOW)).replaceAll("-", ""), "hex");
    const mac = createHmac("sha256", SECRETS[0]).update(bytes.subarray(0, 12)).digest();
    expect(bytes.subarray(12)).toEqual(mac.subarray(0, 4));
  });

  it("has twelve bits for its partition and no more", () => {
    for (const partition of [-1, PARTITIONS_MAX]) {
      expect(() => buildBookingId(SECRETS, partition, at(NOW))).toThrow(AssertionError);
    }
  });
});

describe("an id from a key", () => {
  it("is the same at every gateway, at any time", () => {
    const ids = [1, 2].map(() => buildKeyedBookingId([...SECRETS], 5, { ...SCOPE }));
    expect(ids[0]).toBe(ids[1]);
  });

  it.each([
    ["show", { ...SCOPE, showId: "another" }],
    ["client", { ...SCOPE, client: "another" }],
    ["key", { ...SCOPE, key: "another" }],
    ["division of the same letters", { showId: "a sh", client: "owa client", key: "a key" }],
    ["empty client", { ...SCOPE, client: "" }],
  ])("is another one for another %s", (_, scope) => {
    expect(buildKeyedBookingId(SECRETS, 5, scope)).not.toBe(buildKeyedBookingId(SECRETS, 5, SCOPE));
  });

  it("stays the same when a new secret is put in front: a retry must not buy twice", () => {
    const before = buildKeyedBookingId(["old"], 5, SCOPE);
    expect(buildKeyedBookingId(["new", "old"], 5, SCOPE)).toBe(before);
    expect(parseBookingId(["new", "old"], before)).toEqual({ partition: 5 });
  });

  it("cannot be made without the secret", () => {
    const ours = buildKeyedBookingId(SECRETS, 5, SCOPE);
    const theirs = buildKeyedBookingId(["a guess"], 5, SCOPE);
    expect(theirs.slice(0, 13)).not.toBe(ours.slice(0, 13));
  });
});

describe("the id of a show that a key creates", () => {
  const [client, key] = ["a client", "a key"];

  it("is a UUID of version 8, the same each time, also behind a new secret", () => {
    const id = buildKeyedShowId(["old"], { client, key });
    expect(id).toMatch(UUID);
    expect(id[14]).toBe("8");
    expect(buildKeyedShowId(["new", "old"], { client, key })).toBe(id);
  });

  it.each([
    ["client", { client: "another", key }],
    ["key", { client, key: "another" }],
    ["division of the same letters", { client: "a clienta", key: " key" }],
  ])("is another one for another %s", (_, scope) => {
    expect(buildKeyedShowId(SECRETS, scope)).not.toBe(buildKeyedShowId(SECRETS, { client, key }));
  });
});

describe("a show's id", () => {
  it("is a UUID of version 7 with the time in front, another one each time", () => {
    const ids = Array.from({ length: 1_000 }, () => buildShowId(at(NOW)));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(id).toMatch(UUID);
      expect(id[14]).toBe("7");
      expect(Number.parseInt(id.replace("-", "").slice(0, 12), 16)).toBe(NOW);
    }
  });
});
