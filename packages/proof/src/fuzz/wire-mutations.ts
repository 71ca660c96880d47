/** What can be odd about a request beside the members of its body: target, headers, method, bytes. */
import { gzipSync } from "node:zlib";

import type { Chance } from "./build-value.ts";
import type { HttpCase } from "./http-case.ts";
import type { World } from "./world.ts";

type Draft = Pick<HttpCase, "method" | "target" | "headers" | "body">;

type WireMutation = {
  readonly name: string;
  readonly change: (draft: Draft, chance: Chance, world: World) => Partial<Draft>;
};

const METHODS = [
  "GET",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "HEAD",
  "TRACE",
  "PROPFIND",
  "QUERY",
  "LINK",
];
const LONG = 3_000;
const TOO_LONG_BODY = 300 * 1024;

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  prefer: [
    "wait=0",
    "wait=1",
    "wait=-1",
    "wait=",
    'wait="1"',
    "respond-async, wait=0",
    "wait=1e3",
    "WAIT=0",
    "wait=0.5",
    "wait=0;x=y",
    "return=minimal",
    ", ,",
    "wait=0, wait=1",
  ],
  "idempotency-key": [
    "short",
    "",
    "a b c d e f g h i j k l m n",
    "k".repeat(255),
    "k".repeat(256),
    "é".repeat(30),
    '"5f0c9a52-0000-0000-0000-000000000000"',
  ],
  "if-none-match": [
    "*",
    "",
    '"1"',
    'W/"1"',
    '"a", "b", *',
    "no quotes",
    '"'.repeat(100),
    `"${"x".repeat(LONG)}"`,
  ],
  authorization: [
    "Bearer",
    "Bearer ",
    "Bearer x y",
    "Basic dTpw",
    `Bearer ${"x".repeat(LONG)}`,
    "bearer é",
    "Digest a=b",
  ],
  accept: [
    "text/csv",
    "text/csv;q=0",
    "text/csv;q=abc",
    "*/*",
    "application/xml",
    "",
    ",,,",
    "text/csv, application/json;q=0.1",
    "a/b;".repeat(500),
  ],
  "content-type": [
    "text/plain",
    "application/json; charset=utf-8",
    "application/json; charset=utf-16",
    "application/json;",
    "APPLICATION/JSON",
    "application/json, text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "///",
    "",
    "application/vnd.api+json",
    'application/json; charset="',
  ],
  "content-encoding": ["gzip", "br", "identity", "", "x", "gzip, gzip"],
  "x-request-id": ["", "a", "x".repeat(129), "é", "a b", "__proto__"],
  origin: ["null", "http://evil.example", "", "x"],
  "access-control-request-method": ["POST", "", "x"],
  "x-http-method-override": ["DELETE"],
  "x-forwarded-for": ["1.2.3.4, ::1", "x".repeat(LONG)],
  cookie: ["a=b; __proto__=1", "=".repeat(LONG)],
  range: ["bytes=0-1", "bytes=-"],
  "last-event-id": ["-1", "x"],
  te: ["trailers, deflate;q=0.5"],
};

const PATH_IDS: Readonly<Record<string, (id: string, chance: Chance) => string>> = {
  "one bit changed": (id, { random }) => flipBit(id, random.int(0, 127)),
  "in capitals": (id) => id.toUpperCase(),
  unknown: () => "01990000-0000-7000-8000-000000000001",
  cut: (id) => id.slice(0, -1),
  longer: (id) => `${id}0`,
  "0": () => "0",
  "1": () => "1",
  "-1": () => "-1",
  "01": () => "01",
  "1e3": () => "1e3",
  "beyond an integer": () => "2147483648",
  "many digits": () => "9".repeat(30),
  empty: () => "",
  "too long": () => "x".repeat(201),
  "far too long": () => "x".repeat(9_000),
  traversal: () => "..%2f..%2fetc%2fpasswd",
  dots: () => "../../health/live",
  NUL: (id) => `${id}%00`,
  "bad percent": () => "%zz",
  "half a percent": () => "%",
  "no UTF-8": () => "%ff%fe",
  "half a character": () => "%ed%a0%80",
  "encoded slash": (id) => `${id}%2fconfirm`,
  semicolon: (id) => `${id};x=y`,
  colon: () => ":id",
  star: () => "*",
  blank: (id) => `%20${id}%20`,
  braces: (id) => `{${id}}`,
  "a prototype": () => "__proto__",
  "a constructor": () => "constructor",
  text: (_, { random, junk }) => encodeURIComponent(junk.text(random).slice(0, 100).toWellFormed()),
};

const QUERIES: Readonly<Record<string, (name: string, chance: Chance) => string>> = {
  "unknown member": () => "unknown=1",
  empty: (name) => `${name}=`,
  "without =": (name) => name,
  repeated: (name) => `${name}=1&${name}=2`,
  "in brackets": (name) => `${name}[]=1&${name}[a]=2`,
  "bad percent": (name) => `${name}=%zz`,
  "half a percent": (name) => `${name}=%`,
  NUL: (name) => `${name}=%00`,
  "no UTF-8": (name) => `${name}=%ff`,
  "half a character": (name) => `${name}=%ed%a0%80`,
  plus: (name) => `${name}=+1+`,
  "a prototype": () => "__proto__=1&constructor=2&toString=3",
  "only separators": () => "&&&=&=&?;#",
  long: (name) => `${name}=${"x".repeat(LONG)}`,
  many: () => Array.from({ length: 500 }, (_, index) => `a${index}=1`).join("&"),
  injection: (name) => `${name}=${encodeURIComponent("' or 1=1; --")}`,
  number: (name, { random }) =>
    `${name}=${random.pick(["0", "-1", "1.5", "1e9", "201", "1001", "99999999999999999999", "NaN", "0x10"])}`,
  text: (name, { random, junk }) =>
    `${name}=${encodeURIComponent(junk.text(random).slice(0, 300).toWellFormed())}`,
};

const BODIES: Readonly<
  Record<string, (body: Buffer, chance: Chance) => Uint8Array | string | null>
> = {
  none: () => null,
  empty: () => "",
  blanks: () => " \n\t",
  null: () => "null",
  "a list": () => "[]",
  "a text": () => '"text"',
  "a number": () => "7",
  cut: (body, { random }) => body.subarray(0, random.int(0, Math.max(0, body.length - 1))),
  "with a tail": (body) => `${body.toString()}}`,
  twice: (body) => Buffer.concat([body, body]),
  "with a byte order mark": (body) => `\ufeff${body.toString()}`,
  "one bit changed": (body, { random }) => flipAny(body, random.int(0, body.length * 8 - 1)),
  "one byte more": (body, { random }) =>
    insertByte(body, random.int(0, body.length), random.int(0, 255)),
  "UTF-16": (body) => Buffer.from(body.toString(), "utf16le"),
  "Latin-1": () => Buffer.from('{"name":"\xff\xe9"}', "latin1"),
  packed: (body) => gzipSync(body),
  "random bytes": (_, { random }) =>
    Buffer.from(Array.from({ length: random.int(1, 200) }, () => random.int(0, 255))),
  "too large": () => `{"name":"${"x".repeat(TOO_LONG_BODY)}"}`,
  deep: () => `${'{"a":'.repeat(3_000)}1${"}".repeat(3_000)}`,
  "a form": () => "name=a&capacity=10",
  XML: () =>
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
};

/** All that can be tried on a request; `idWays` tells whether it has an id in its path. */
export function listWireMutations({
  hasId,
  hasBody,
  query,
}: {
  readonly hasId: boolean;
  readonly hasBody: boolean;
  readonly query: readonly string[];
}): WireMutation[] {
  return [
    ...METHODS.map((method) => wire(`method ${method}`, () => ({ method }))),
    ...Object.entries(HEADERS).flatMap(([name, values]) => listHeader(name, values)),
    wire("header if-none-match: a known tag", (draft, { random }, world) =>
      withHeader(draft, "if-none-match", world.tag(random, draft.target)),
    ),
    wire("header idempotency-key: one of the pool", (draft, { random }, world) =>
      withHeader(draft, "idempotency-key", world.key(random)),
    ),
    wire("header without a content type", ({ headers }) => ({
      headers: omit(headers, "content-type"),
    })),
    wire("header many", (draft) => ({ headers: { ...draft.headers, ...manyHeaders() } })),
    ...Object.entries(QUERIES).flatMap(([name, build]) => listQuery(name, build, query)),
    ...(hasId
      ? Object.entries(PATH_IDS).map(([name, build]) =>
          wire(`path id: ${name}`, (draft, chance) => withId(draft, (id) => build(id, chance))),
        )
      : []),
    ...["/", "//", "/.", "/%2e", "/x", ";a=b", "%20", ".json"].map((tail) =>
      wire(`path with ${tail}`, ({ target }) => ({ target: withTail(target, tail) })),
    ),
    wire("path with // in front", ({ target }) => ({ target: `/${target}` })),
    wire("path in capitals", ({ target }) => ({ target: target.toUpperCase() })),
    ...Object.entries(BODIES)
      .map(([name, build]) =>
        wire(`body ${name}`, (draft, chance) => withBody(draft, build, chance)),
      )
      .filter(() => hasBody),
    ...(hasBody
      ? []
      : [
          wire("body where there is none", () => ({
            body: '{"a":1}',
            headers: { "content-type": "application/json" },
          })),
        ]),
  ];
}

function wire(name: string, change: WireMutation["change"]): WireMutation {
  return { name, change };
}

function listHeader(name: string, values: readonly string[]): WireMutation[] {
  return [
    wire(`header ${name}`, (draft, { random }) => withHeader(draft, name, random.pick(values))),
    wire(`header ${name}: any text`, (draft, { random, junk }) =>
      withHeader(draft, name, asHeader(junk.text(random))),
    ),
  ];
}

function listQuery(
  name: string,
  build: (member: string, chance: Chance) => string,
  members: readonly string[],
): WireMutation[] {
  const tried = members.length === 0 ? ["a"] : members;
  return tried.map((member) =>
    wire(`query ${member}: ${name}`, ({ target }, chance) => {
      const [path = ""] = target.split("?");
      return { target: `${path}?${build(member, chance)}` };
    }),
  );
}

function withHeader({ headers }: Draft, name: string, value: string): Partial<Draft> {
  return { headers: { ...headers, [name]: value } };
}

function withId({ target }: Draft, build: (id: string) => string): Partial<Draft> {
  const id = /[0-9a-f]{8}-[0-9a-f-]{27}|(?<=\/problems\/)[a-z-]+|(?<=\/shows\/)\d+/.exec(
    target,
  )?.[0];
  return id === undefined ? {} : { target: target.replace(id, () => build(id)) };
}

function withTail(target: string, tail: string): string {
  const [path = "", query] = target.split("?");
  return `${path}${tail}${query === undefined ? "" : `?${query}`}`;
}

function withBody(
  { body }: Draft,
  build: (body: Buffer, chance: Chance) => Uint8Array | string | null,
  chance: Chance,
): Partial<Draft> {
  return { body: build(Buffer.from(body ?? "{}"), chance) };
}

function manyHeaders(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`x-a${index}`, "1"]));
}

/** What may stand in a header at all: anything else is for the bare socket. */
function asHeader(text: string): string {
  return text
    .replaceAll(/[^\t\x20-\x7e\x80-\xff]/g, "")
    .trim()
    .slice(0, LONG);
}

function omit(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([known]) => known !== name));
}

function flipBit(id: string, bit: number): string {
  const bytes = Buffer.from(id.replaceAll("-", ""), "hex");
  if (bytes.length !== 16) return `${id}1`;
  const hex = flipAny(bytes, bit).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function flipAny(bytes: Buffer, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  const at = bit >> 3;
  if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << (bit & 7));
  return changed;
}

function insertByte(bytes: Buffer, at: number, byte: number): Buffer {
  return Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)]);
}
