/**
 * Two workers, two shows, three bookings, and at every moment anything that may happen next: the real loop, feed,
 * consumer and publisher of each worker between simulated tables and topics. One step is one question to a server
 * with its answer; what happens between two steps of a worker concerns nobody else.
 */
import { hash } from "node:crypto";

import { PartitionLoop } from "@seatline/booking-worker/partition-loop.ts";
import { encodeRequest } from "@seatline/shared/contract/request.ts";
import { assert } from "@seatline/shared/core/assert.ts";
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Broker, GroupOptions } from "@seatline/shared/line/broker.ts";
import { LineConsumer } from "@seatline/shared/line/consumer.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { checkHistory } from "../history/check-history.ts";
import type { History } from "../history/history.ts";
import { buildSimulatedStore } from "../simulation/simulated-store.ts";
import { Tables } from "../simulation/tables.ts";
import { TopicLog } from "../simulation/topic-log.ts";
import type { Playable } from "./explorer.ts";

const TOPICS = buildTopics("small");
const NOON = Date.UTC(2026, 10, 22, 12);
const LOG = buildLog("interleave", "silent");
const PUBLISH_DEADLINE_MS = 5_000;
const QUEUE_MAX = 100;
/** Who waits for so long only waits for messages: that ends nothing, and begins nothing. */
const IDLE_MS = 5_000;
/** The first fetch brings so many messages, the next one all others. */
const FIRST_FETCH = 1;

/** What may go wrong, each at most once, at any moment. */
export type Trouble = "crash" | "lost question" | "lost answer" | "second owner";

type Step = { readonly label: string; readonly run: (fate: Fate) => void };
type Fate = "answered" | "never asked" | "lost" | "dies";
type Timer = { readonly atMs: number; readonly call: () => void };

/** One life of a worker: what it waits for, and all that it has been told. */
class Actor {
  readonly name: string;
  isDead = false;
  nowMs = 0;
  /** A digest of every answer so far: the same answers, the same worker. */
  told = "";
  readonly steps: Step[] = [];
  readonly timers = new Set<Timer>();
  stop: () => void = () => {};
  close: () => Promise<void> = () => Promise.resolve();

  constructor(name: string) {
    this.name = name;
  }

  note(what: string, answer: unknown): void {
    this.told = hash("md5", `${this.told} ${what} ${JSON.stringify(answer)}`);
  }

  /** The next moment at which something happens by itself, or null. */
  nextTimer(): Timer | null {
    const due = [...this.timers].filter(({ atMs }) => atMs - this.nowMs < IDLE_MS);
    return due.sort((one, other) => one.atMs - other.atMs)[0] ?? null;
  }
}

export class SmallWorld implements Playable {
  readonly #tables = new Tables(1);
  readonly #log: TopicLog;
  readonly #actors: Actor[] = [];
  readonly #left: Set<Trouble>;
  #mayStart: string[] = [];
  #bug: string | null = null;

  constructor(requests: readonly Request[], troubles: readonly Trouble[]) {
    this.#left = new Set(troubles);
    this.#log = new TopicLog(Object.values(TOPICS), { partitionCount: 1, clock: () => NOON });
    for (const request of requests) this.#append(request);
    this.#start("one");
  }

  options(): readonly string[] {
    if (this.#bug !== null) return [];
    const options = this.#actors
      .filter(({ isDead }) => !isDead)
      .flatMap((it) => this.#optionsOf(it));
    if (this.#left.has("second owner")) options.push("two: begins");
    return [...options, ...this.#mayStart.map((name) => `${name}: begins`)];
  }

  async choose(option: string): Promise<void> {
    const [name = "", what = ""] = option.split(": ");
    if (what === "begins") {
      if (name === "two") this.#left.delete("second owner");
      this.#mayStart = this.#mayStart.filter((it) => it !== name);
      this.#start(name);
    } else {
      const actor = this.#actors.find((it) => it.name === name && !it.isDead);
      assert(actor !== undefined, `${name} is alive`);
      this.#act(actor, what);
    }
    await settle();
  }

  stateKey(): string {
    const [partition] = this.#tables.partitions;
    const topics = Object.values(TOPICS).map((topic) =>
      this.#log.all(topic).map(({ value }) => value?.toString()),
    );
    const actors = this.#actors
      .filter(({ isDead }) => !isDead)
      .map(({ name, told, nowMs, steps }) => [name, told, nowMs, steps.map(({ label }) => label)]);
    const rest = [[...this.#left].sort(), this.#mayStart, this.#bug];
    return hash("md5", JSON.stringify([partition, topics, actors, rest]));
  }

  judge(): readonly string[] {
    if (this.#bug !== null) return [`a bug: ${this.#bug}`];
    return checkHistory(this.#buildHistory())
      .filter(({ verdict }) => verdict === "violated")
      .map(({ name, details }) => `${name}: ${details.join("; ")}`);
  }

  #optionsOf(actor: Actor): string[] {
    const [step] = actor.steps;
    if (step === undefined) return actor.nextTimer() === null ? [] : [`${actor.name}: time passes`];
    const { label } = step;
    return [
      `${actor.name}: ${label}`,
      ...(this.#left.has("crash")
        ? [`${actor.name}: dies before ${label}`, `${actor.name}: dies after ${label}`]
        : []),
      ...(this.#left.has("lost question")
        ? [`${actor.name}: does not get through to ${label}`]
        : []),
      ...(this.#left.has("lost answer") ? [`${actor.name}: loses the answer to ${label}`] : []),
    ];
  }

  #act(actor: Actor, what: string): void {
    if (what === "time passes") {
      const timer = actor.nextTimer();
      assert(timer !== null, "there is something to wait for");
      actor.timers.delete(timer);
      actor.nowMs = Math.max(actor.nowMs, timer.atMs);
      timer.call();
      return;
    }
    if (what.startsWith("dies")) this.#left.delete("crash");
    const step = actor.steps.shift();
    assert(step !== undefined, `${actor.name} has something to do`);
    if (what.startsWith("dies")) {
      actor.isDead = true;
      this.#mayStart.push(`${actor.name}'`);
      if (what.startsWith("dies after")) step.run("dies");
    } else if (what.startsWith("does not")) {
      this.#left.delete("lost question");
      step.run("never asked");
    } else if (what.startsWith("loses")) {
      this.#left.delete("lost answer");
      step.run("lost");
    } else step.run("answered");
  }

  #append(request: Request): void {
    const value = Buffer.from(encodeRequest(request));
    this.#log.append(TOPICS.requests, 0, { key: null, value });
  }

  #start(name: string): void {
    const actor = new Actor(name);
    this.#actors.push(actor);
    const host = buildHost(actor);
    const broker = this.#buildBroker(actor);
    const consumer = new LineConsumer({
      host,
      broker,
      topic: TOPICS.requests,
      groupId: "small",
      sessionTimeoutMs: IDLE_MS,
      onAssigned: () => {},
      onCrash: () => {},
    });
    const loop = new PartitionLoop(0, {
      host,
      bounds: BOUNDS,
      store: this.#buildStore(actor),
      consumer,
      publisher: new Publisher({
        host,
        broker,
        log: LOG,
        deadlineMs: PUBLISH_DEADLINE_MS,
        queueMax: QUEUE_MAX,
      }),
      extents: broker.buildExtents(TOPICS.requests),
      topics: TOPICS,
      log: LOG,
      giveUp: (why, error) => {
        this.#bug ??= error instanceof Error ? (error.stack ?? why) : why;
      },
    });
    void loop.run();
  }

  /** Each statement is a step of its own, called as its store calls it. */
  #buildStore(actor: Actor): Store {
    let name = "";
    const store = buildSimulatedStore((statement) =>
      this.#ask(actor, name, () => statement(this.#tables, NOON)),
    );
    const named = Object.entries(store).map(([method, call]) => [
      method,
      (...args: unknown[]) => {
        name = method;
        return (call as (...args: unknown[]) => unknown)(...args);
      },
    ]);
    return Object.fromEntries(named) as Store;
  }

  /** One step: asked, carried out and answered at once, or not answered. */
  #ask<T>(actor: Actor, label: string, carryOut: () => T): Promise<T> {
    if (actor.isDead) return new Promise<never>(() => {});
    return new Promise((resolve, reject) => {
      const run = (fate: Fate) => {
        const answer = fate === "never asked" ? null : { value: carryOut() };
        if (fate === "dies") return;
        if (answer === null || fate === "lost") {
          actor.note(label, "lost");
          reject(Object.assign(new Error("lost"), { code: "CONNECTION_CLOSED" }));
          return;
        }
        actor.note(label, answer.value);
        resolve(answer.value);
      };
      actor.steps.push({ label, run });
    });
  }

  #buildBroker(actor: Actor): Broker {
    const load = () => this.#ask(actor, "extents", () => this.#log.extents(TOPICS.requests));
    return {
      connectSender: () =>
        Promise.resolve({
          send: (messages) =>
            this.#ask(actor, "send", () => this.#log.appendAll(messages, () => true)),
          close: () => Promise.resolve(),
        }),
      buildGroupReader: (options) => this.#buildReader(actor, options),
      buildTailReader: () => ({ run: () => Promise.resolve(), close: () => Promise.resolve() }),
      buildExtents: (topic) => ({
        topic,
        findTopic: () => Promise.resolve(null),
        load,
        find: async (partition) => (await load()).get(partition) ?? { low: 0, end: 0 },
        close: () => Promise.resolve(),
      }),
    };
  }

  /** Fetches from where it was told, again and again, as long as there is anything. */
  #buildReader(actor: Actor, { events }: GroupOptions) {
    let turn = 0;
    const fetch = async (from: number, own: number): Promise<void> => {
      const count = own === turn && from === 0 ? FIRST_FETCH : Infinity;
      const messages = await this.#ask(actor, "fetch", () =>
        this.#log.read(TOPICS.requests, 0, from).slice(0, count),
      );
      if (own !== turn || messages.length === 0) return;
      events.onMessages(0, messages);
      if (from + messages.length < this.#log.end(TOPICS.requests, 0)) {
        await fetch(from + messages.length, own);
      }
    };
    const seek = (_: number, offset: number) => {
      turn += 1;
      fetch(offset, turn).catch(() => {
        events.onDisconnect();
      });
    };
    const nothing = () => Promise.resolve();
    return { run: nothing, seek, resume: () => {}, commitOffset: nothing, close: nothing };
  }

  #buildHistory(): History {
    const { partitions, shows, bookings, seats, sections, customers, records } = this.#tables;
    return {
      calls: [],
      topics: {
        requests: this.#log.all(TOPICS.requests),
        outcomes: this.#log.all(TOPICS.outcomes),
        events: this.#log.all(TOPICS.events),
      },
      tables: {
        partitions: partitions.map((row, partition) => ({ ...row, partition, clockMs: NOON })),
        shows: [...shows.values()],
        bookings: [...bookings.values()],
        seats: [...seats].flatMap(([showId, its]) =>
          [...its].map(([seat, bookingId]) => ({ showId, seat, bookingId })),
        ),
        sections: [...sections.values()],
        customers: [...customers.values()],
        records: records.flatMap((its, partition) => its.map((it) => ({ ...it, partition }))),
        deadLetters: [],
      },
      lapseMaxMs: null,
      rest: null,
      bounds: BOUNDS,
    };
  }
}

function buildHost(actor: Actor): Host {
  const schedule = (delayMs: number, call: () => void) => {
    const timer = { atMs: actor.nowMs + delayMs, call };
    actor.timers.add(timer);
    return () => {
      actor.timers.delete(timer);
    };
  };
  return {
    monotonicMs: () => actor.nowMs,
    dateMs: () => NOON,
    schedule,
    pause: (delayMs) =>
      new Promise((resolve) => {
        schedule(delayMs, resolve);
      }),
    uuid: () => "00000000-0000-4000-8000-000000000000",
    randomBytes: (count) => Buffer.alloc(count),
  };
}

/** Until no promise has anything left to do. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}
