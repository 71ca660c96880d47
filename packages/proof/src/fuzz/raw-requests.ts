/** Requests for the bare socket: what no HTTP client would send. */
import { connect } from "node:net";

import type { Random } from "@seatline/shared/testing/random.ts";

import type { World } from "./world.ts";

type RawCase = {
  readonly name: string;
  readonly bytes: Buffer;
  /** Node itself may answer it, in its own few words. */
  readonly isNodes: boolean;
  /** Nobody owes an answer. */
  readonly isUnanswered: boolean;
};

const CRLF = "\r\n";
/** What never ends is given up by the gateway after ten seconds, and looked for every two. */
const CLOSE_MAX_MS = 14_000;

type Build = (random: Random, world: World) => string;

const BOOK = `POST /v1/bookings HTTP/1.1${CRLF}Host: x${CRLF}Connection: close${CRLF}Content-Type: application/json${CRLF}`;
const GET = `GET /v1/shows?limit=1 HTTP/1.1${CRLF}Host: x${CRLF}Connection: close${CRLF}`;

const KINDS: Readonly<Record<string, Build>> = {
  "a length that is too small": (random, world) =>
    `${BOOK}Content-Length: 2${CRLF}${CRLF}${bodyOf(random, world)}`,
  "a length below zero": () => `${BOOK}Content-Length: -1${CRLF}${CRLF}{}`,
  "a length that is no number": () => `${BOOK}Content-Length: 0x2${CRLF}${CRLF}{}`,
  "a length of many digits": () => `${BOOK}Content-Length: ${"9".repeat(30)}${CRLF}${CRLF}{}`,
  "a length far too large": () => `${BOOK}Content-Length: 9999999999${CRLF}${CRLF}{}`,
  "two lengths": () => `${BOOK}Content-Length: 2${CRLF}Content-Length: 3${CRLF}${CRLF}{}x`,
  "a length and chunks": () =>
    `${BOOK}Content-Length: 2${CRLF}Transfer-Encoding: chunked${CRLF}${CRLF}0${CRLF}${CRLF}`,
  chunks: (random, world) =>
    `${BOOK}Transfer-Encoding: chunked${CRLF}${CRLF}${chunksOf(bodyOf(random, world))}`,
  "chunks with a bad size": () =>
    `${BOOK}Transfer-Encoding: chunked${CRLF}${CRLF}zz${CRLF}{}${CRLF}0${CRLF}${CRLF}`,
  "chunks with an extension": () =>
    `${BOOK}Transfer-Encoding: chunked${CRLF}${CRLF}2;a=b${CRLF}{}${CRLF}0${CRLF}X: y${CRLF}${CRLF}`,
  "an unknown transfer encoding": () => `${BOOK}Transfer-Encoding: gzip${CRLF}${CRLF}{}`,
  "no host": () => `GET / HTTP/1.1${CRLF}Connection: close${CRLF}${CRLF}`,
  "two hosts": () => `${GET}Host: y${CRLF}${CRLF}`,
  "HTTP/1.0": () => `GET /v1/shows?limit=1 HTTP/1.0${CRLF}Host: x${CRLF}${CRLF}`,
  "HTTP/0.9": () => `GET /${CRLF}${CRLF}`,
  "HTTP/3.0": () => `GET / HTTP/3.0${CRLF}Host: x${CRLF}${CRLF}`,
  "the preface of HTTP/2": () => `PRI * HTTP/2.0${CRLF}${CRLF}SM${CRLF}${CRLF}`,
  "an absolute target": () =>
    `GET http://evil.example/v1/shows?limit=1 HTTP/1.1${CRLF}Host: x${CRLF}Connection: close${CRLF}${CRLF}`,
  "a star": () => `OPTIONS * HTTP/1.1${CRLF}Host: x${CRLF}Connection: close${CRLF}${CRLF}`,
  CONNECT: () => `CONNECT x:443 HTTP/1.1${CRLF}Host: x${CRLF}${CRLF}`,
  "an upgrade": () =>
    `${GET.replace("close", "upgrade")}Upgrade: websocket${CRLF}${CRLF}${GET}${CRLF}`,
  "an expectation": () => `${GET}Expect: the unexpected${CRLF}${CRLF}`,
  "100-continue": (random, world) =>
    withLength(`${BOOK}Expect: 100-continue${CRLF}`, bodyOf(random, world)),
  "an unknown method": () => `STEAL / HTTP/1.1${CRLF}Host: x${CRLF}${CRLF}`,
  "a NUL in a header": () => `${GET}a: \u0000${CRLF}${CRLF}`,
  "a bare line feed": () => `${GET}a: b\nc: d${CRLF}${CRLF}`,
  "a folded header": () => `${GET}a: b${CRLF} c${CRLF}${CRLF}`,
  "a blank before the colon": () => `${GET}a : b${CRLF}${CRLF}`,
  "a header without a name": () => `${GET}: b${CRLF}${CRLF}`,
  "headers that are too large": () => `${GET}a: ${"x".repeat(20_000)}${CRLF}${CRLF}`,
  "too many headers": () =>
    `${GET}${Array.from({ length: 2_100 }, (_, index) => `a${index}: b${CRLF}`).join("")}${CRLF}`,
  "a target that is too long": () =>
    `GET /${"x".repeat(20_000)} HTTP/1.1${CRLF}Host: x${CRLF}${CRLF}`,
  "bare characters in the target": () =>
    `GET /v1/shows/\u00ff\u0080 HTTP/1.1${CRLF}Host: x${CRLF}Connection: close${CRLF}${CRLF}`,
  "a blank in the target": () => `GET /v1/ shows HTTP/1.1${CRLF}Host: x${CRLF}${CRLF}`,
  "random bytes": (random) => `${latin(random, random.int(1, 300))}${CRLF}${CRLF}`,
  "a request with one byte changed": (random) => changeByte(`${GET}${CRLF}`, random),
  "two requests at once": () => `${GET.replace(/Connection.*\r\n/, "")}${CRLF}${GET}${CRLF}`,
};

const NODES = ["no host", "two hosts", "an expectation", "CONNECT"];
/** What ends without an answer, or may: nobody asked for anything yet, or a half request stays one. */
const UNANSWERED = ["CONNECT", "a request with one byte changed", "random bytes"];

export function listRawKinds(): string[] {
  return Object.keys(KINDS);
}

export function buildRaw(name: string, random: Random, world: World): RawCase {
  const build = KINDS[name];
  if (build === undefined) throw new RangeError(`there is no raw request ${name}`);
  const bytes = Buffer.from(build(random, world), "latin1");
  const isChanged = name === "a request with one byte changed" || name === "random bytes";
  return {
    name,
    bytes,
    isNodes: NODES.includes(name) || isChanged,
    isUnanswered: UNANSWERED.includes(name),
  };
}

/** Everything that comes back until the other side closes; null if it does not in time. */
export function sendBytes(url: string, bytes: Uint8Array): Promise<string | null> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: hostname, port: Number(port) });
    const end = (given: string | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(given);
    };
    const timer = setTimeout(() => end(answer === "" ? null : answer), CLOSE_MAX_MS);
    socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
    });
    // Whoever is refused in the middle of a request may find the connection cut.
    socket.once("error", () => end(answer));
    socket.once("close", () => end(answer));
    socket.write(bytes);
  });
}

function bodyOf(random: Random, world: World): string {
  return JSON.stringify({ showId: world.show(random).id, count: 1 });
}

function withLength(head: string, body: string): string {
  return `${head}Content-Length: ${Buffer.byteLength(body)}${CRLF}${CRLF}${body}`;
}

function chunksOf(body: string): string {
  const chunks = body.split("").map((character) => `1${CRLF}${character}${CRLF}`);
  return `${chunks.join("")}0${CRLF}${CRLF}`;
}

function latin(random: Random, length: number): string {
  return String.fromCharCode(...Array.from({ length }, () => random.int(0, 255)));
}

function changeByte(text: string, random: Random): string {
  const at = random.int(0, text.length - 1);
  return `${text.slice(0, at)}${latin(random, 1)}${text.slice(at + 1)}`;
}
