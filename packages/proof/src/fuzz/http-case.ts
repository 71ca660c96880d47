/** One fuzzed request: how it is written down, what it must come to, and how a person repeats it. Pure. */
import type { Operation } from "./api.ts";

export type HttpCase = {
  readonly index: number;
  readonly operation: Operation;
  /** What was done to it: `body /count: maximum + 1`. */
  readonly label: string;
  readonly method: string;
  /** Path and query as they go out. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** It may have become a request of another operation, or of none. */
  readonly isAltered: boolean;
  /** The description of the API refuses it: so must the gateway. */
  readonly mustRefuse: boolean;
};

/** The longest wait that a `Prefer` header asks for, or that the routes have by themselves. */
const WAIT_DEFAULT_MS = 10_000;
const WAIT_MAX_MS = 30_000;
const ONLY_TEXT = /^[\t\n\x20-\x26\x28-\x7e]*$/;

/** How long the gateway may rightly take. */
export function waitOf({ method, headers }: Pick<HttpCase, "method" | "headers">): number {
  const seconds = /wait="?(\d+)/i.exec(headers["prefer"] ?? "")?.[1];
  if (seconds === undefined) return method === "GET" ? 0 : WAIT_DEFAULT_MS;
  return Math.min(Number(seconds) * 1_000, WAIT_MAX_MS);
}

/** The request as a line for a shell. */
export function encodeCurl(url: string, { method, target, headers, body }: HttpCase): string {
  const head = Object.entries(headers).map(([name, value]) =>
    value === "" ? `-H ${quote(`${name};`)}` : `-H ${quote(`${name}: ${value}`)}`,
  );
  const how = method === "HEAD" ? "-I" : `-X ${method}`;
  const call = ["curl -isg --path-as-is", how, ...head, quote(`${url}${target}`)].join(" ");
  if (body === null) return call;
  if (typeof body === "string" && ONLY_TEXT.test(body)) return `${call} --data-binary '${body}'`;
  return `echo ${Buffer.from(body).toString("base64")} | base64 -d | ${call} --data-binary @-`;
}

/** Bytes for a bare socket as a line for a shell. */
export function encodeRawCurl(url: string, bytes: Uint8Array): string {
  const { host } = new URL(url);
  return `echo ${Buffer.from(bytes).toString("base64")} | base64 -d | curl -s telnet://${host}`;
}

function quote(text: string): string {
  return ONLY_TEXT.test(text)
    ? `'${text}'`
    : `$'${text.replaceAll(/[^\x20-\x26\x28-\x5b\x5d-\x7e]/g, encodeCharacter)}'`;
}

function encodeCharacter(character: string): string {
  return [...Buffer.from(character, "latin1")]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`)
    .join("");
}
