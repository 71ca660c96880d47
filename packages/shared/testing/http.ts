/**
 * HTTP as a client of ours speaks it: any method, any header, any bytes as a path. Answers come with
 * the time that they took; nothing is retried and no redirect followed.
 */
import { Agent, request } from "node:http";
import type { IncomingHttpHeaders } from "node:http";

/** Kept connections; `destroy` it when done. */
export type Http = Agent;

export type Ask = {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string or bytes as they are. */
  readonly body?: unknown;
  readonly contentType?: string | null;
  readonly signal?: AbortSignal;
};

export type HttpAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body, or undefined where it is no JSON. Tests say with a type what they expect it to be. */
  readonly json: unknown;
  readonly ms: number;
};

const ANSWER_MAX_MS = 45_000;
const CONNECTIONS_MAX = 600;

export function buildHttp(): Http {
  return new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
}

export function call(http: Http, url: string, ask: Ask = {}): Promise<HttpAnswer> {
  const startedAt = performance.now();
  const { method = ask.body === undefined ? "GET" : "POST", signal } = ask;
  const body =
    ask.body === undefined || typeof ask.body === "string" || ask.body instanceof Uint8Array
      ? ask.body
      : JSON.stringify(ask.body);
  const { contentType = body === undefined ? null : "application/json" } = ask;
  const headers = {
    ...(contentType === null ? {} : { "content-type": contentType }),
    ...(body === undefined && method !== "POST" ? {} : { "content-length": sizeOf(body) }),
    ...ask.headers,
  };
  const { origin } = new URL(url);
  // The path goes out as it stands here: a URL object would tidy it up.
  const options = { agent: http, method, headers, path: url.slice(origin.length) || "/" };
  return new Promise((resolve, reject) => {
    const outgoing = request(origin, { ...options, ...(signal && { signal }) }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.once("error", reject);
      incoming.once("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const { statusCode: status = 0, headers: received } = incoming;
        const ms = performance.now() - startedAt;
        resolve({ status, headers: received, text, json: parseJson(text), ms });
      });
    });
    outgoing.setTimeout(ANSWER_MAX_MS, () => {
      outgoing.destroy(new Error(`no answer from ${method} ${url} in ${ANSWER_MAX_MS} ms`));
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

function sizeOf(body: string | Uint8Array | undefined): number {
  return body === undefined ? 0 : Buffer.byteLength(body);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
