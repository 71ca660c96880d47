/**
 * Poison among good requests, in every partition at once. Follows each message to what became of it, asks the
 * gateway as the owner of a few, and keeps a steady pace of good bookings whose answers must not be late.
 */
import { setTimeout as pause } from "node:timers/promises";

import { Pool } from "undici";

import { partitionOf } from "@seatline/shared/contract/partition.ts";
import { KafkaTailReader } from "@seatline/shared/line/kafka-tail.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import { Junk } from "./junk.ts";
import { buildPoison } from "./poison.ts";
import type { Poison } from "./poison.ts";
import { PoisonLedger } from "./poison-ledger.ts";
import { PoisonSender } from "./poison-sender.ts";
import type { FuzzTarget } from "./target.ts";

type TopicOptions = {
  readonly target: FuzzTarget;
  readonly messages: number;
  readonly seed: number;
  readonly goodMsMax: number;
  readonly onFault: (fault: string) => void;
  /** Ends the run early. */
  readonly signal: AbortSignal;
};

type Places = { readonly good: readonly string[]; readonly victims: readonly string[] };

/** For so long there are only good ones: what they take then, the machine takes. */
const QUIET_MS = 2_000;
const GOOD_EVERY_MS = 20;
const GOOD_SEATS = 1_000_000;
/** 250 a second, among 50 good ones: as fast as two cores decide them with ease. */
const BATCH = 10;
const BATCH_EVERY_MS = 40;
/** So many messages may be undecided: more would measure the line's speed, not what poison does to it. */
const UNDECIDED_MAX = 300;
const UNDECIDED_BYTES_MAX = 2 * 1024 * 1024;
const LOOK_MS = 5;
const DECIDED_MAX_MS = 30_000;
const JOIN_MAX_MS = 30_000;
const CONNECTIONS = 32;
const OWNERS_ASKED_EVERY = 40;
const INTERNAL_STATUS = 500;

export class TopicRun {
  readonly ledger: PoisonLedger;
  readonly #options: TopicOptions;
  readonly #pool: Pool;
  readonly #sender: PoisonSender;
  readonly #random: Random;
  readonly #junk: Junk;
  readonly #ownersRandom: Random;
  #isOver = false;
  /** The slowest good booking before there was any poison; null until then. */
  quietMs: number | null = null;
  sent = 0;
  good = 0;
  owners = 0;
  readonly goodMs: number[] = [];
  readonly #asked: Promise<void>[] = [];

  constructor(options: TopicOptions) {
    this.#options = options;
    this.#random = buildRandom(options.seed);
    this.#ownersRandom = buildRandom(options.seed + 1);
    this.#junk = new Junk(options.seed);
    this.#pool = new Pool(options.target.url, { connections: CONNECTIONS });
    this.#sender = new PoisonSender(options.target);
    this.ledger = new PoisonLedger({
      onFault: options.onFault,
      onDecided: (poison, offset) => this.#askOwner(poison, offset),
    });
  }

  async run(): Promise<void> {
    const { target, onFault } = this.#options;
    const joined = Promise.withResolvers<void>();
    const log = buildLog("fuzz", "silent");
    const address = { brokers: target.kafkaBrokers, clientId: "fuzz", log };
    const reader = new KafkaTailReader(address, {
      topic: target.topics.outcomes,
      onMessage: ({ text }) => this.ledger.read(text),
      onJoined: joined.resolve,
      onCrash: (error) => onFault(`the reader of outcomes died: ${error.message}`),
    });
    try {
      await reader.run();
      await Promise.race([joined.promise, pause(JOIN_MAX_MS, undefined, { ref: false })]);
      const places = await this.#prepare();
      const good = this.#bookSteadily(places.good);
      await pause(QUIET_MS);
      this.quietMs = this.goodMs.splice(0).reduce((slowest, ms) => Math.max(slowest, ms), 0);
      await this.#poison(places.victims);
      await this.#untilDecided();
      this.#isOver = true;
      await good;
      await Promise.all(this.#asked);
    } finally {
      await Promise.all([reader.close(), this.#sender.close(), this.#pool.destroy()]);
    }
  }

  /** Two shows for each partition: one for good requests, one for what poison may change. */
  async #prepare(): Promise<Places> {
    const { json } = await this.#call("/v1/admin/line");
    const count = (json as { partitions: unknown[] }).partitions.length;
    const [good, victims] = [new Map<number, string>(), new Map<number, string>()];
    while (victims.size < count) {
      const facts = { name: "Fuzz", startsAt: "2027-12-25T19:00:00Z", capacity: GOOD_SEATS };
      const { status, json: show } = await this.#call("/v1/shows", { body: facts });
      if (status !== 201) throw new Error(`no show could be created: ${status}`);
      const { id } = show as { id: string };
      const home = partitionOf(id, count);
      if (!good.has(home)) good.set(home, id);
      else victims.set(home, id);
    }
    const listOf = (map: ReadonlyMap<number, string>) =>
      Array.from({ length: count }, (_, partition) => map.get(partition) ?? "");
    return { good: listOf(good), victims: listOf(victims) };
  }

  async #poison(victims: readonly string[]): Promise<void> {
    const random = this.#random;
    const junk = this.#junk;
    const { signal } = this.#options;
    while (this.sent < this.#options.messages && !signal.aborted) {
      const batch: Poison[] = [];
      const startedAt = performance.now();
      while (batch.length < BATCH && this.sent + batch.length < this.#options.messages) {
        const partition = random.int(0, victims.length - 1);
        const showId = victims[partition] ?? "";
        const secrets = this.#options.target.idSecrets;
        const place = { random, junk, secrets, partition, partitionCount: victims.length, showId };
        batch.push(...buildPoison(place));
      }
      for (const { poison, offset } of await this.#sender.send(batch))
        this.ledger.expect(poison, offset);
      this.sent += batch.length;
      await pause(Math.max(0, startedAt + BATCH_EVERY_MS - performance.now()));
      while (this.#isFull) {
        if (this.ledger.oldestMs > DECIDED_MAX_MS) return;
        await pause(LOOK_MS);
      }
    }
  }

  get #isFull(): boolean {
    const { undecided, undecidedBytes } = this.ledger;
    return undecided > UNDECIDED_MAX || undecidedBytes > UNDECIDED_BYTES_MAX;
  }

  async #untilDecided(): Promise<void> {
    const deadline = performance.now() + DECIDED_MAX_MS;
    while (this.ledger.undecided > 0 && performance.now() < deadline) await pause(LOOK_MS);
    this.ledger.close();
  }

  /** One good request after the other is due, whether those before are answered or not. */
  async #bookSteadily(shows: readonly string[]): Promise<void> {
    const asked: Promise<void>[] = [];
    for (let turn = 0; !this.#isOver; turn++) {
      asked.push(this.#book(shows[turn % shows.length] ?? ""));
      await pause(GOOD_EVERY_MS);
    }
    await Promise.all(asked);
  }

  async #book(showId: string): Promise<void> {
    const { goodMsMax, onFault } = this.#options;
    const startedAt = performance.now();
    const body = { showId, count: 1, customer: "good" };
    const { status, json } = await this.#call("/v1/bookings", { body, prefer: "wait=20" });
    const ms = performance.now() - startedAt;
    this.good += 1;
    this.goodMs.push(ms);
    if (status !== 201) onFault(`a good booking was answered ${status}: ${JSON.stringify(json)}`);
    else if (this.quietMs !== null && ms > goodMsMax + this.quietMs) {
      onFault(`a good booking was answered after ${Math.round(ms)} ms`);
    }
  }

  /** A few owners ask, as they would: with the id and the place. */
  #askOwner({ what, partition, requestId, isAskable }: Poison, offset: number): void {
    if (!isAskable || !this.#ownersRandom.chance(1 / OWNERS_ASKED_EVERY)) return;
    const ask = async () => {
      const path = `/v1/bookings/${requestId}?place=${partition}-${offset}`;
      const { status, json } = await this.#call(path, { prefer: "wait=10" });
      this.owners += 1;
      const { reason } = json as { reason?: string };
      if (status === INTERNAL_STATUS && reason === "internal") return;
      this.#options.onFault(
        `the owner of a dead letter (${what}) was answered ${status}: ${JSON.stringify(json)}`,
      );
    };
    this.#asked.push(ask());
  }

  async #call(
    path: string,
    { body, prefer = "wait=10" }: { readonly body?: object; readonly prefer?: string } = {},
  ): Promise<{ status: number; json: unknown }> {
    const { adminToken } = this.#options.target;
    const token = adminToken === null ? {} : { authorization: `Bearer ${adminToken}` };
    const asked =
      body === undefined
        ? { method: "GET", headers: { ...token, prefer } }
        : {
            method: "POST",
            headers: { ...token, prefer, "content-type": "application/json" },
            body: JSON.stringify(body),
          };
    try {
      const answer = await this.#pool.request({ path, ...asked });
      return { status: answer.statusCode, json: await answer.body.json() };
    } catch (error) {
      return { status: 0, json: String(error) };
    }
  }
}
