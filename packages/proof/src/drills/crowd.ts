/**
 * Very many bookings at once: so many at a time, or so many a second whatever becomes of those before. Everything
 * asked and heard is written down; how it was answered is counted.
 */
import { setTimeout as pause } from "node:timers/promises";

import { encodeCount } from "@seatline/shared/testing/figures.ts";
import { Pool } from "undici";

import type { Call } from "../history/history.ts";
import { Recorder } from "../real/recorder.ts";
import type { Member } from "../real/member.ts";

type CrowdOptions = {
  readonly gateways: readonly Member[];
  readonly showIds: readonly string[];
  /** Where what was asked and heard is written down; null where it would be too much to keep. */
  readonly calls: Call[] | null;
};

/** What came back, by status; what a refusal for the moment must say and did not. */
export type Tally = {
  readonly statuses: Map<number, number>;
  /** Nothing came back, or not in time. */
  unanswered: number;
  /** Due, but nobody could ask: too many were waiting for an answer already. */
  unasked: number;
  /** 503 without a Retry-After. */
  dishonest: number;
};

const CONNECTIONS = 1_000;
const ANSWER_MAX_MS = 30_000;
const TICK_MS = 10;

export class Crowd {
  readonly #showIds: readonly string[];
  readonly #pools: readonly Pool[];
  readonly #recorders: readonly Recorder[];
  #tally = buildTally();
  #asked = 0;
  #open = 0;

  constructor({ gateways, showIds, calls }: CrowdOptions) {
    this.#showIds = showIds;
    this.#pools = gateways.map(
      ({ service }) =>
        new Pool(service.url, { connections: CONNECTIONS, headersTimeout: ANSWER_MAX_MS }),
    );
    this.#recorders = this.#pools.map((pool, index) => {
      const gateway = gateways[index]?.life ?? "";
      const send = (path: string, ask: Ask) => this.#send(pool, path, ask);
      return new Recorder({ gateway, send, calls });
    });
  }

  /** So many at a time, one after the other, until told to stop. */
  async press(lanes: number, isOver: () => boolean): Promise<Tally> {
    this.#tally = buildTally();
    await Promise.all(
      Array.from({ length: lanes }, async () => {
        while (!isOver()) await this.#book();
      }),
    );
    return this.#tally;
  }

  /** So many a second, whatever becomes of them, `openMax` at a time at most. */
  async storm({ perSecond, forMs, openMax }: Storm): Promise<Tally> {
    const tally = buildTally();
    this.#tally = tally;
    const running = new Set<Promise<void>>();
    const startedAt = performance.now();
    let due = 0;
    for (let passedMs = 0; passedMs < forMs; passedMs = performance.now() - startedAt) {
      for (; due < (passedMs / 1_000) * perSecond; due++) {
        if (this.#open >= openMax) {
          tally.unasked += 1;
          continue;
        }
        const booking = this.#book().finally(() => running.delete(booking));
        running.add(booking);
      }
      await pause(TICK_MS);
    }
    await Promise.all(running);
    return tally;
  }

  async close(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.destroy()));
  }

  /** Never rejects: the recorder writes down that nothing came. */
  async #book(): Promise<void> {
    const index = this.#asked;
    this.#asked += 1;
    this.#open += 1;
    const showId = this.#showIds[index % this.#showIds.length] ?? "";
    await this.#recorders[index % this.#recorders.length]?.book({ showId, count: 1 });
    this.#open -= 1;
  }

  async #send(pool: Pool, path: string, { method, headers, body }: Ask): Promise<Answer> {
    const tally = this.#tally;
    try {
      const {
        statusCode: status,
        headers: told,
        body: content,
      } = await pool.request({
        method,
        path,
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const json: unknown = await content.json();
      tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
      if (status === 503 && told["retry-after"] === undefined) tally.dishonest += 1;
      return { status, json };
    } catch (error) {
      tally.unanswered += 1;
      throw error;
    }
  }
}

type Storm = { readonly perSecond: number; readonly forMs: number; readonly openMax: number };
type Ask = {
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
};
type Answer = { readonly status: number; readonly json: unknown };

function buildTally(): Tally {
  return { statuses: new Map(), unanswered: 0, unasked: 0, dishonest: 0 };
}

/** `202: 1,234, 503: 5, unanswered: 6`. */
export function describeTally({ statuses, unanswered, unasked }: Tally): string {
  const parts = [...statuses]
    .sort(([one], [other]) => one - other)
    .map(([status, count]) => `${status}: ${encodeCount(count)}`);
  if (unanswered > 0) parts.push(`no answer: ${encodeCount(unanswered)}`);
  if (unasked > 0) parts.push(`not even sent: ${encodeCount(unasked)}`);
  return parts.join(", ");
}
