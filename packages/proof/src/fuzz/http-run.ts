/** Sends fuzzed requests over many connections, learns from the answers and judges each of them. */
import { Pool } from "undici";

import { readOperations } from "./api.ts";
import { buildCase } from "./build-case.ts";
import { findAnswerFault, findProblemFault, parseJson } from "./check-answer.ts";
import type { Answer } from "./check-answer.ts";
import { Coverage } from "./coverage.ts";
import { encodeCurl, encodeRawCurl } from "./http-case.ts";
import type { HttpCase } from "./http-case.ts";
import { Junk } from "./junk.ts";
import { Plan } from "./plan.ts";
import { buildRaw, sendBytes } from "./raw-requests.ts";
import type { FuzzTarget } from "./target.ts";
import { World } from "./world.ts";

type HttpOptions = {
  readonly target: Pick<FuzzTarget, "url" | "adminToken">;
  readonly requests: number;
  readonly seed: number;
  readonly onFault: (fault: string) => void;
  /** Ends the run early. */
  readonly signal: AbortSignal;
};

/** Routes for people and tools, that the description leaves out. */
const UNDESCRIBED = {
  "/": { get: { responses: { 302: {} } } },
  "/docs": { get: { responses: { 200: {} } } },
  "/docs/json": { get: { responses: { 200: {} } } },
  "/openapi.json": { get: { responses: { 200: {} } } },
};
const LANES = 96;
/** A wait of 30 s and the time that any answer may take. */
const HEAD_TIMEOUT_MS = 45_000;
const BODY_TIMEOUT_MS = 30_000;
/** A body that no route takes may be refused before it has arrived; then the connection is closed. */
const BODY_REFUSED_BYTES = 100 * 1024;

/** A file may break off, as the description says, where a page of it could not be read in time. */
const STREAMED = /^(?:text\/csv|application\/x-ndjson)/;

export class HttpRun {
  readonly coverage: Coverage;
  readonly #options: HttpOptions;
  readonly #plan: Plan;
  readonly #junk: Junk;
  readonly #pool: Pool;
  readonly #world = new World();
  #next = 0;
  /** How many are answered. */
  done = 0;
  /** The slowest answer to a request that asked for no wait. */
  slowestMs = 0;
  unavailable = 0;
  brokenOff = 0;

  private constructor(options: HttpOptions, pool: Pool, description: unknown) {
    this.#options = options;
    this.#pool = pool;
    const operations = readOperations(description);
    this.#plan = new Plan(operations, options.seed);
    this.#junk = new Junk(options.seed);
    this.coverage = new Coverage(operations, this.#plan);
  }

  /** Reads what there is to be fuzzed. */
  static async open(options: HttpOptions): Promise<HttpRun> {
    const pool = new Pool(options.target.url, {
      connections: LANES,
      pipelining: 1,
      headersTimeout: HEAD_TIMEOUT_MS,
      bodyTimeout: BODY_TIMEOUT_MS,
    });
    const answer = await pool.request({ method: "GET", path: "/openapi.json" });
    const described = (await answer.body.json()) as { readonly paths: object };
    return new HttpRun(options, pool, { paths: { ...described.paths, ...UNDESCRIBED } });
  }

  async run(): Promise<void> {
    try {
      await Promise.all(Array.from({ length: LANES }, () => this.#runLane()));
    } finally {
      await this.#pool.destroy();
    }
  }

  async #runLane(): Promise<void> {
    const { requests, signal } = this.#options;
    while (this.#next < requests && !signal.aborted) {
      await this.#runOne(this.#next++);
      this.done += 1;
    }
  }

  async #runOne(index: number): Promise<void> {
    const random = this.#plan.randomOf(index);
    const target = this.#plan.targetOf(index, random);
    if (target.kind === "raw") return this.#runRaw(target.name, index);
    const parts = { index, random, junk: this.#junk, world: this.#world };
    const asked = this.#withToken(buildCase(target, parts));
    const told = await this.#send(asked);
    if (typeof told === "string") this.#fault(asked, told);
    else if (told !== null) this.#judge(asked, told);
  }

  /** The answer, or what went wrong; null where a closed connection is an answer, too. */
  async #send(asked: HttpCase): Promise<Answer | string | null> {
    const { method, target: path, headers, body } = asked;
    const startedAt = performance.now();
    try {
      const sent = { method, path, headers, body };
      const answer = await this.#pool.request(sent);
      const ms = performance.now() - startedAt;
      const { statusCode: status, headers: given } = answer;
      const isFile = STREAMED.test(String(given["content-type"]));
      const text = await answer.body.text().catch((error: unknown) => {
        if (!isFile) throw error;
        this.brokenOff += 1;
        return "";
      });
      return { status, headers: given, text, ms };
    } catch (error) {
      const { code = "", message } = error as Error & { readonly code?: string };
      // Not sent at all: undici keeps such a request to itself.
      if (code === "UND_ERR_INVALID_ARG" || code === "UND_ERR_NOT_SUPPORTED") return null;
      const isCut =
        Buffer.byteLength(body ?? "") > BODY_REFUSED_BYTES && code !== "UND_ERR_HEADERS_TIMEOUT";
      return isCut ? null : `no answer: ${code} ${message}`;
    }
  }

  #judge(asked: HttpCase, answer: Answer): void {
    const { status, headers, text, ms } = answer;
    const fault = findAnswerFault(asked, answer);
    if (fault !== null) this.#fault(asked, fault);
    if (status === 503) this.unavailable += 1;
    if (asked.headers["prefer"] === undefined && asked.method === "GET") {
      this.slowestMs = Math.max(this.slowestMs, ms);
    }
    const json = isJson(headers["content-type"]) ? parseJson(text) : undefined;
    const reason = (json as { reason?: unknown } | undefined)?.reason;
    this.coverage.note(asked, status, status >= 400 && typeof reason === "string" ? reason : null);
    if (status >= 400 || asked.isAltered) return;
    const { etag } = headers;
    this.#world.learn(asked, json, typeof etag === "string" ? etag : undefined);
  }

  async #runRaw(name: string, index: number): Promise<void> {
    const raw = buildRaw(name, this.#plan.randomOf(index), this.#world);
    const answer = await sendBytes(this.#options.target.url, raw.bytes);
    this.coverage.noteTarget(`bare socket: ${name}`);
    const fault = answer === null ? "the connection stays open" : findRawFault(answer, raw);
    if (fault === null) return;
    const line = encodeRawCurl(this.#options.target.url, raw.bytes);
    this.#options.onFault(`request ${index}, bare socket: ${name}: ${fault}\n    ${line}`);
  }

  #withToken(asked: HttpCase): HttpCase {
    const { adminToken } = this.#options.target;
    if (adminToken === null || "authorization" in asked.headers) return asked;
    return { ...asked, headers: { authorization: `Bearer ${adminToken}`, ...asked.headers } };
  }

  #fault(asked: HttpCase, what: string): void {
    const line = encodeCurl(this.#options.target.url, asked);
    this.#options.onFault(`request ${asked.index}, ${asked.label}: ${what}\n    ${line}`);
  }
}

function isJson(type: string | string[] | undefined): boolean {
  return /^application\/(?:problem\+)?json/.test(String(type));
}

/** Of the first answer on the socket. */
function findRawFault(
  text: string,
  { isNodes, isUnanswered }: ReturnType<typeof buildRaw>,
): string | null {
  if (text === "") return isUnanswered ? null : "closed without an answer";
  const [head = "", ...rest] = text
    .replace(/^HTTP\/1\.1 100 Continue\r\n(?:[^\r]+\r\n)*\r\n/, "")
    .split("\r\n\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (Number.isNaN(status)) return `the answer is no HTTP: ${text.slice(0, 100)}`;
  if (status >= 500) return `answered ${status}`;
  if (status < 400 || isNodes) return null;
  const type = /^content-type: (.*)$/im.exec(head)?.[1];
  return findProblemFault(status, {
    status,
    headers: { "content-type": type },
    text: rest.join("\r\n\r\n"),
  });
}
