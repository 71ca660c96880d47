/**
 * Seatline over HTTP as its clients use it. Says what an answer means for who asked; sends nothing
 * twice by itself, because only whoever asks knows what a repetition means.
 */
import { Pool } from "undici";

import {
  parseBooking,
  parsePage,
  parseProblem,
  parseQueued,
  parseSeatMap,
  parseShow,
} from "./answers.ts";
import type { BookingSeen, Counters, SeatMapSeen } from "./answers.ts";

export type Order = {
  readonly showId: string;
  readonly key: string;
  readonly customer: string;
  readonly count: number;
};

export type Reply =
  | {
      readonly kind: "queued";
      readonly id: string;
      readonly place: string | null;
      readonly pollAfterMs: number;
    }
  | { readonly kind: "booking"; readonly booking: BookingSeen }
  /** A problem; `booking` if it names one, because then this is an outcome. */
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly reason: string;
      readonly booking: BookingSeen | null;
    }
  /** Nobody knows whether it was taken: the same again, not earlier than `afterMs`. */
  | { readonly kind: "again"; readonly afterMs: number; readonly why: string };

type Ask = {
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly waitS?: number;
};
type HttpAnswer = {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly json: unknown;
};

const LIST_PAGE_SIZE = 1_000;
/** More pages than any run of this package can fill: a listing that never ends is a fault. */
const LIST_PAGES_MAX = 1_000;
/** An answer that takes longer, beyond the wait that was asked for, counts as a broken connection. */
const ANSWER_MAX_MS = 15_000;
const CONNECT_MAX_MS = 5_000;
/** Before a retry to which the server has said nothing. */
const RETRY_DEFAULT_MS = 250;
const RETRY_MAX_MS = 10_000;
/** Statuses after which the same request may be sent again; 502 and 504 come from proxies. */
const AGAIN = new Set([429, 502, 503, 504]);

export class Client {
  readonly url: string;
  readonly #pool: Pool;
  readonly #prefix: string;
  readonly #adminHeaders: Readonly<Record<string, string>>;

  constructor(
    url: string,
    {
      connections,
      adminToken,
    }: { readonly connections: number; readonly adminToken: string | null },
  ) {
    const { origin, pathname } = new URL(url);
    this.url = url;
    this.#prefix = pathname.replace(/\/$/, "");
    this.#adminHeaders = adminToken === null ? {} : { authorization: `Bearer ${adminToken}` };
    this.#pool = new Pool(origin, { connections, connect: { timeout: CONNECT_MAX_MS } });
  }

  /** Throws one sentence if nothing listens, or if this may not create shows. */
  async createShow(name: string, rules: { capacity: number; holdSeconds: number }) {
    const answer = await this.#admin({
      path: "/v1/shows",
      body: { name, startsAt: "2035-01-01T19:00:00Z", ...rules },
      waitS: 30,
    });
    const show = answer.status === 201 ? parseShow(answer.json) : null;
    if (show !== null) return show;
    if (answer.status === 202) {
      throw new Error(`The line at ${this.url} does not move: no booking-worker decides.`);
    }
    throw new Error(`The show could not be created: ${describe(answer)}.`);
  }

  /** With `waitS` the outcome is waited for; else the answer is the place in the line. */
  book({ key, ...body }: Order, waitS = 0): Promise<Reply> {
    const headers = { "idempotency-key": key };
    return this.#ask({ path: "/v1/bookings", body, headers, waitS });
  }

  find({ id, place }: { id: string; place: string | null }, waitS = 0): Promise<Reply> {
    const query = place === null ? "" : `?place=${place}`;
    return this.#ask({ path: `/v1/bookings/${id}${query}`, waitS });
  }

  /** Every booking of a show, page by page. */
  async listBookings(showId: string): Promise<BookingSeen[]> {
    const bookings: BookingSeen[] = [];
    let after = "";
    for (let pages = 0; pages < LIST_PAGES_MAX; pages += 1) {
      const path = `/v1/bookings?showId=${showId}&limit=${LIST_PAGE_SIZE}${after}`;
      const answer = await this.#admin({ path });
      const page = answer.status === 200 ? parsePage(answer.json) : null;
      if (page === null) throw new Error(`the listing answered ${describe(answer)}`);
      bookings.push(...page.items);
      if (page.next === null) return bookings;
      after = `&after=${page.next}`;
    }
    throw new Error(`the listing has no end within ${LIST_PAGES_MAX} pages`);
  }

  async findShow(showId: string): Promise<Counters> {
    const answer = await this.#send({ path: `/v1/shows/${showId}` });
    const show = answer.status === 200 ? parseShow(answer.json) : null;
    if (show === null) throw new Error(`the show answered ${describe(answer)}`);
    return show;
  }

  async findSeatMap(showId: string): Promise<SeatMapSeen> {
    const answer = await this.#send({ path: `/v1/shows/${showId}/seats` });
    const seatMap = answer.status === 200 ? parseSeatMap(answer.json) : null;
    if (seatMap === null) throw new Error(`the seat map answered ${describe(answer)}`);
    return seatMap;
  }

  /** Cuts what is still open: nobody waits for it any more. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #ask(ask: Ask): Promise<Reply> {
    try {
      return readReply(await this.#send(ask));
    } catch (error) {
      return { kind: "again", afterMs: RETRY_DEFAULT_MS, why: describeError(error) };
    }
  }

  async #admin(ask: Ask): Promise<HttpAnswer> {
    const answer = await this.#send({ ...ask, headers: this.#adminHeaders }).catch(
      (cause: unknown) => {
        const why = describeError(cause);
        if (!UNREACHABLE.has(why)) throw new Error(`${this.url} broke off: ${why}.`, { cause });
        throw new Error(
          `Nothing listens at ${this.url} (${why}): start Seatline with npm start, or say with --url where it is.`,
          { cause },
        );
      },
    );
    if (answer.status === 401 || answer.status === 403) {
      throw new Error(
        `${this.url} wants an admin token (${answer.status}): set ADMIN_TOKEN to the one the gateway was started with.`,
      );
    }
    return answer;
  }

  async #send({ path, body, headers, waitS = 0 }: Ask): Promise<HttpAnswer> {
    const timeoutMs = ANSWER_MAX_MS + waitS * 1_000;
    const answer = await this.#pool.request({
      path: `${this.#prefix}${path}`,
      method: body === undefined ? "GET" : "POST",
      headers: {
        ...headers,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(waitS === 0 ? {} : { prefer: `wait=${waitS}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
    });
    const text = await answer.body.text();
    const retryAfter = answer.headers["retry-after"];
    return {
      status: answer.statusCode,
      retryAfter: typeof retryAfter === "string" ? retryAfter : null,
      json: parseJson(text),
    };
  }
}

const UNREACHABLE = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

function readReply(answer: HttpAnswer): Reply {
  const { status, json } = answer;
  if (AGAIN.has(status)) {
    return { kind: "again", afterMs: readRetryAfterMs(answer), why: `status ${status}` };
  }
  const booking = status < 300 ? parseBooking(json) : null;
  if (booking !== null) return { kind: "booking", booking };
  const queued = status < 300 ? parseQueued(json) : null;
  if (queued !== null) return { kind: "queued", ...queued };
  const problem = parseProblem(json);
  return { kind: "refused", status, reason: "not-understood", booking: null, ...problem };
}

function readRetryAfterMs({ retryAfter }: HttpAnswer): number {
  const seconds = Number(retryAfter ?? Number.NaN);
  if (!(seconds >= 0)) return RETRY_DEFAULT_MS;
  return Math.min(seconds * 1_000, RETRY_MAX_MS);
}

function describe({ status, json }: HttpAnswer): string {
  const problem = parseProblem(json);
  return problem === null ? `status ${status}` : `${status} ${problem.reason}`;
}

/** A driver's error in one word: its code, where it has one. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
