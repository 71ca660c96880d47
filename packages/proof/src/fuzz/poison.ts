/**
 * Messages for the line that no gateway would send: bytes, almost valid requests of every kind, valid ones in the
 * wrong place. Each says whether it must be parked, or may be a request after all. Pure but for the given chance.
 */
import { isUtf8 } from "node:buffer";
import { gzipSync } from "node:zlib";

import { buildBookingId, buildShowId } from "@seatline/shared/contract/booking-id.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import type { IdSecrets } from "@seatline/shared/contract/booking-id.ts";
import { partitionOf } from "@seatline/shared/contract/partition.ts";
import { encodeRequest, hashBook, hashCreateShow } from "@seatline/shared/contract/request.ts";
import { DEFAULT_RULES } from "@seatline/shared/contract/values.ts";
import { unreachable } from "@seatline/shared/core/assert.ts";
import type { Want } from "@seatline/shared/core/model.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import { REQUEST_BYTES_MAX } from "@seatline/shared/line/batch.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import type { Junk } from "./junk.ts";
import { spoil } from "./spoil.ts";

export type Poison = {
  readonly what: string;
  readonly partition: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  /** False for one that may turn out to be a request. */
  readonly mustPark: boolean;
  /** Whom the outcome must be for: what can be read of the message. */
  readonly requestId: string | null;
  /** Whether a gateway knows the id for one of ours, and can be asked. */
  readonly isAskable: boolean;
};

type PoisonPlace = {
  readonly random: Random;
  readonly junk: Junk;
  readonly secrets: IdSecrets;
  readonly partitionCount: number;
  readonly partition: number;
  /** A show of this partition that nobody else uses. */
  readonly showId: string;
};

type Text = string | Buffer | null;
type Kind = {
  readonly mustPark: boolean;
  readonly build: (place: PoisonPlace, request: Request) => Text;
};

/** The topic takes 16 MiB; a record batch has a head of its own. */
const HUGE_BYTES_MAX = 15 * 1024 * 1024;
const LONG_LIST = 20_000;
const HUGE_SHARE = 0.01;
const DEPTHS = [10, 100, 5_000];
const DEPTH_MOST = 100_000;
const NOT_VERSIONS = [0, 2, -1, "1", null, 1.5, true, [1], { v: 1 }, 2 ** 53];
const ODD_KINDS = [
  "steal",
  "",
  "__proto__",
  "constructor",
  "toString",
  "BOOK",
  "book ",
  null,
  1,
  ["book"],
];
const BAD_TEXTS = [
  "\u0000",
  "a\u0000b",
  "\ud800",
  "x\udc00",
  "\u0007",
  "\u007f",
  "",
  "x".repeat(300),
];
const ODD_KEYS = [null, "", "no id", "\u0000", "x".repeat(1_000)];

const KINDS: Readonly<Record<string, Kind>> = {
  "random bytes": parked(({ random }) => bytes(random, random.int(1, 400))),
  "no UTF-8": parked((_, request) =>
    Buffer.from(encodeRequest(request).replace("{", '{"x":"\xff\xfe",'), "latin1"),
  ),
  "UTF-16": parked((_, request) => Buffer.from(encodeRequest(request), "utf16le")),
  packed: parked((_, request) => gzipSync(encodeRequest(request))),
  nothing: parked(() => ""),
  "a tombstone": parked(() => null),
  blanks: parked(() => " \n "),
  "no object": parked(({ random }) =>
    random.pick(["7", '"book"', "null", "[]", "true", "[[]]", "-0", "1e999"]),
  ),
  cut: parked(({ random }, request) => cut(encodeRequest(request), random)),
  "a byte order mark": parked((_, request) => `\ufeff${encodeRequest(request)}`),
  "a tail": parked((_, request) => `${encodeRequest(request)}}`),
  "too long": parked(({ random }) => "x".repeat(lengthOf(random))),
  "a request that is too long": parked(({ random }, request) =>
    withMember(request, `"x":"${"y".repeat(lengthOf(random))}"`),
  ),
  deep: parked(({ random }) => {
    const depth = depthOf(random);
    return "[".repeat(depth) + "]".repeat(depth);
  }),
  "another version": parked(({ random }, request) =>
    encodeWith(request, { v: random.pick(NOT_VERSIONS) }),
  ),
  "an unknown kind": parked(({ random }, request) =>
    encodeWith(request, { kind: random.pick(ODD_KINDS) }),
  ),
  "an id that is none": parked(({ random, junk }, request) =>
    encodeWith(request, {
      requestId: random.pick([
        junk.text(random),
        7,
        null,
        {},
        "__proto__",
        "x".repeat(random.chance(LARGE_SHARE) ? 200_000 : 2_000),
      ]),
    }),
  ),
  "a record": parked(
    () => '{"v":1,"partition":0,"first":0,"next":1,"previousTail":"","entries":[],"shows":[]}',
  ),
  "the wrong partition": { mustPark: true, build: (_, request) => encodeRequest(request) },
  "text that cannot be stored": parked(({ random }, request) =>
    withText(request, random.pick(BAD_TEXTS)),
  ),
  "numbers beyond 2^53": parked(({ random }, request) =>
    withNumber(
      request,
      random.pick(["9007199254740993", "1e308", "1e999", "-1", "0.5", "18446744073709551616"]),
    ),
  ),
  "a request in a list": parked((_, request) => `[${encodeRequest(request)}]`),
  "lists that are far too long": parked(({ random }, request) => withLongList(request, random)),
  "a prototype": may((_, request) => withMember(request, '"__proto__":{"isAdmin":true,"v":1}')),
  "a constructor": may((_, request) =>
    withMember(request, '"constructor":{"prototype":{"isAdmin":true}}'),
  ),
  "deep in a request": may(({ random }, request) => {
    const depth = depthOf(random);
    return withMember(request, `"x":${"[".repeat(depth)}${"]".repeat(depth)}`);
  }),
  "members twice": may(({ random }, request) =>
    withMember(
      request,
      random.pick(['"showId":"x"', '"kind":"book"', '"v":2', '"requestId":null']),
    ),
  ),
  "many members": may((_, request) =>
    withMember(request, Array.from({ length: 5_000 }, (_, index) => `"m${index}":0`).join(",")),
  ),
  "an odd key": may((_, request) => encodeRequest(request)),
  "the same twice": may((_, request) => encodeRequest(request)),
  "one byte changed": may(({ random }, request) =>
    changeByte(Buffer.from(encodeRequest(request)), random),
  ),
  "almost a request": may((place, request) => spoil(JSON.parse(encodeRequest(request)), place)),
};
const KIND_NAMES = Object.keys(KINDS);
/** The ones that know most of requests are worth most tries. */
const STRUCTURED_SHARE = 0.4;
/** Large ones are few: else the speed of the line would be measured, not what poison does to it. */
const LARGE = [
  "too long",
  "a request that is too long",
  "many members",
  "lists that are far too long",
];
const LARGE_SHARE = 0.05;
const STRUCTURED = [
  "almost a request",
  "one byte changed",
  "text that cannot be stored",
  "numbers beyond 2^53",
];

function pickKind(random: Random): string {
  const what = random.pick(random.chance(STRUCTURED_SHARE) ? STRUCTURED : KIND_NAMES);
  return LARGE.includes(what) && !random.chance(LARGE_SHARE) ? pickKind(random) : what;
}

/** The messages of one turn: one, or two where one is to be told twice. */
export function buildPoison(place: PoisonPlace): Poison[] {
  const { random, partition, partitionCount, showId } = place;
  const what = pickKind(random);
  const kind = KINDS[what];
  if (kind === undefined) throw new RangeError(`there is no poison ${what}`);
  const request = buildRequest(place);
  const text = kind.build(place, request);
  const value = typeof text === "string" ? Buffer.from(text) : text;
  const isStray = what === "the wrong partition" && partitionCount > 1;
  const home = isStray ? (partition + 1) % partitionCount : partition;
  const requestId = readRequestId(value);
  const poison = {
    what: what === "almost a request" ? `${what} (${request.kind})` : what,
    partition: home,
    key: what === "an odd key" ? random.pick(ODD_KEYS) : showId,
    value,
    mustPark: kind.mustPark && (what !== "the wrong partition" || isStray),
    requestId,
    isAskable: requestId === request.requestId && home === partition,
  };
  return what === "the same twice" ? [poison, poison] : [poison];
}

export function listPoisonKinds(): readonly string[] {
  return KIND_NAMES;
}

function parked(build: Kind["build"]): Kind {
  return { mustPark: true, build };
}

function may(build: Kind["build"]): Kind {
  return { mustPark: false, build };
}

/** A valid request of any kind. */
function buildRequest({
  random,
  secrets,
  partition,
  partitionCount,
  showId,
}: PoisonPlace): Request {
  const requestId = buildBookingId(secrets, partition, HOST);
  const bookingId = buildBookingId(secrets, partition, HOST);
  switch (random.int(0, 9)) {
    case 0: {
      const layout = buildPlainLayout(random.int(1, 50));
      const times = { startsAt: Date.now(), opensAt: null, closesAt: null };
      const show = { name: "Fuzz", layout, rules: DEFAULT_RULES, ...times };
      const id = findShowId(partition, partitionCount);
      return {
        kind: "create-show",
        requestId,
        showId: id,
        ...show,
        requestHash: hashCreateShow(show),
      };
    }
    case 1:
      return { kind: "change-show", requestId, showId, changes: { name: "Fuzzed" }, after: null };
    case 2:
      return { kind: "confirm", requestId, bookingId, payment: "pi_1" };
    case 3:
      return { kind: "extend", requestId, bookingId, holdMs: 60_000 };
    case 4:
      return {
        kind: "cancel",
        requestId,
        bookingId,
        places: { seats: [1], standing: [] },
        byStaff: false,
      };
    case 5:
      return { kind: "expire", requestId, bookingId };
    default: {
      const wants: Want[] = [
        { count: random.int(1, 3) },
        { seats: [random.int(1, 1_000)], priceMax: 5 },
      ];
      const rest = { confirmNow: false, holdMs: 1_000, wait: null, byStaff: false };
      const asked = { showId, customer: "fuzz", wants: wants.slice(0, random.int(1, 2)), ...rest };
      return { kind: "book", requestId, ...asked, requestHash: hashBook(asked) };
    }
  }
}

function findShowId(partition: number, partitionCount: number): string {
  for (;;) {
    const id = buildShowId(HOST);
    if (partitionOf(id, partitionCount) === partition) return id;
  }
}

/** What the line must read as the owner. */
function readRequestId(value: Buffer | null): string | null {
  if (value === null || value.length > REQUEST_BYTES_MAX || !isUtf8(value)) return null;
  try {
    const { requestId } = (JSON.parse(value.toString()) ?? {}) as { requestId?: unknown };
    return typeof requestId === "string" ? requestId : null;
  } catch {
    return null;
  }
}

function encodeWith(request: Request, changes: object): string {
  return JSON.stringify({ ...(JSON.parse(encodeRequest(request)) as object), ...changes });
}

function withMember(request: Request, member: string): string {
  return `${encodeRequest(request).slice(0, -1)},${member}}`;
}

/** In a member of each kind that must be a text of people, or an id. */
function withText(request: Request, text: string): string {
  switch (request.kind) {
    case "create-show":
      return encodeWith(request, { name: text });
    case "change-show":
      return encodeWith(request, { changes: { name: text } });
    case "book":
      return encodeWith(request, { customer: text });
    case "confirm":
      return encodeWith(request, { payment: text });
    case "extend":
    case "cancel":
    case "expire":
      return encodeWith(request, { bookingId: text });
    default:
      return unreachable(request);
  }
}

function withNumber(request: Request, number: string): string {
  const raw = (changes: object) => encodeWith(request, changes).replace('"@number@"', number);
  switch (request.kind) {
    case "create-show":
      return raw({ startsAt: "@number@" });
    case "change-show":
      return raw({ changes: { startsAt: "@number@" } });
    case "book":
      return raw({ wants: [{ count: "@number@" }] });
    case "confirm":
    case "extend":
    case "cancel":
    case "expire":
      return raw({ v: "@number@" });
    default:
      return unreachable(request);
  }
}

function lengthOf(random: Random): number {
  const most = random.chance(HUGE_SHARE) ? HUGE_BYTES_MAX : REQUEST_BYTES_MAX + 10;
  return random.int(REQUEST_BYTES_MAX + 1, most);
}

function depthOf(random: Random): number {
  return random.chance(LARGE_SHARE) ? DEPTH_MOST : random.pick(DEPTHS);
}

/** As many different items as a message can carry. */
function withLongList(request: Request, random: Random): string {
  const seats = Array.from({ length: LONG_LIST }, (_, index) => index + 1);
  const want = random.chance(0.5) ? { seats } : { count: 1, sections: seats.map(String) };
  return encodeWith({ ...request, kind: "book" } as Request, { wants: [want] });
}

function cut(text: string, random: Random): string {
  return text.slice(0, random.int(1, text.length - 1));
}

function changeByte(value: Buffer, random: Random): Buffer {
  const at = random.int(0, value.length - 1);
  value[at] = random.int(0, 255);
  return value;
}

function bytes(random: Random, length: number): Buffer {
  // Never a text of JSON by chance: the first byte begins none.
  return Buffer.from([0xff, ...Array.from({ length }, () => random.int(0, 255))]);
}
