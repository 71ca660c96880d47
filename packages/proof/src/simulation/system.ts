/** The whole system in one world: the real gateway, worker and sweep between a simulated broker and database. */
import { buildGateway } from "@seatline/api-gateway/gateway.ts";
import { Worker } from "@seatline/booking-worker/worker.ts";
import { Sweeper } from "@seatline/expiry-worker/sweeper.ts";
import type { IdSecrets } from "@seatline/shared/contract/booking-id.ts";
import { buildEvents } from "@seatline/shared/contract/event.ts";
import { parseRecord } from "@seatline/shared/contract/record.ts";
import { awaitLine } from "@seatline/shared/db/await-line.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Broker } from "@seatline/shared/line/broker.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import type { GiveUp } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { Groups } from "./groups.ts";
import { Life } from "./life.ts";
import { Network, Server } from "./network.ts";
import type { ServerName, StepFault } from "./network.ts";
import type { Plan } from "./plan.ts";
import { LINE_ID, buildSimulatedBroker } from "./simulated-broker.ts";
import type { BrokerParts } from "./broker-parts.ts";
import { buildSimulatedHost } from "./simulated-host.ts";
import { buildSimulatedStore } from "./simulated-store.ts";
import { Tables } from "./tables.ts";
import { TopicLog } from "./topic-log.ts";
import { DAWN_MS } from "./world.ts";
import type { World } from "./world.ts";

export type Gateway = ReturnType<typeof buildGateway>;

const TOPICS = buildTopics("simulated");
const SECRETS: IdSecrets = ["a secret that only the simulation knows"];
const SILENT = buildLog("simulation", "silent");
const GROUP_ID = "booking-worker";
const SESSION_TIMEOUT_MS = 6_000;
const PUBLISH_DEADLINE_MS = 5_000;
const PUBLISH_QUEUE_MAX = 20_000;
const RECORDS_RETENTION_DAYS = 90;
/** A statement that is not answered within its time-out and a margin: the connection counts as lost. */
const STATEMENT_PATIENCE_MS = 6_000;
const READ_PATIENCE_MS = 2_000;
const RESTART_MAX_MS = 1_500;
/** A process that was told to end and does not is cut off. */
const STOP_DEADLINE_MS = 10_000;
export const SWEEP_MS = 3_000;

/** What a process stands on. */
type Ground = {
  readonly life: Life;
  readonly host: Host;
  readonly store: Store;
  readonly log: Log;
  readonly giveUp: GiveUp;
  readonly broker: Broker;
};
/** What a life is, once it has been started. */
type Running = { readonly life: Life; readonly close: () => Promise<void> };

export class System {
  readonly topics = TOPICS;
  readonly servers: Readonly<Record<ServerName, Server>> = {
    postgres: new Server("postgres"),
    broker: new Server("broker"),
  };
  readonly network: Network;
  readonly groups: Groups;
  readonly tables: Tables;
  readonly log: TopicLog;
  /** Why processes ended themselves. */
  readonly gaveUp: string[] = [];
  readonly #world: World;
  readonly #plan: Plan;
  readonly #broker: BrokerParts;
  readonly #running = new Map<string, Running>();
  readonly #gateways = new Map<string, { readonly life: Life; readonly gateway: Gateway }>();
  readonly #lives = new Map<string, number>();
  readonly #skewMs = new Map<string, number>();
  #log: Log = SILENT;

  constructor(world: World, plan: Plan) {
    this.#world = world;
    this.#plan = plan;
    this.tables = new Tables(plan.partitionCount);
    this.tables.line = { topic: TOPICS.requests, lineId: LINE_ID };
    this.network = new Network(world, {
      faults: indexStepFaults(plan),
      kill: (life) => {
        this.kill(life);
      },
    });
    this.groups = new Groups(world, plan.partitionCount);
    this.log = new TopicLog(Object.values(TOPICS), {
      partitionCount: plan.partitionCount,
      clock: () => this.clockOf("broker"),
    });
    this.#broker = {
      world,
      network: this.network,
      server: this.servers.broker,
      log: this.log,
      groups: this.groups,
      readers: new Set(),
    };
  }

  /** For whoever wants to see what the processes say. */
  logTo(log: Log): void {
    this.#log = log;
  }

  start(): void {
    const { gateways, workers, expiryWorkers } = this.#plan;
    for (let index = 0; index < workers; index++) this.#start(`worker-${index}`);
    for (let index = 0; index < gateways; index++) this.#start(`gateway-${index}`);
    for (let index = 0; index < expiryWorkers; index++) this.#start(`expiry-${index}`);
  }

  /** Gateways that take requests, frozen ones too: who asks does not know. */
  get gateways(): readonly { readonly life: Life; readonly gateway: Gateway }[] {
    return [...this.#gateways.values()];
  }

  get lives(): readonly Life[] {
    return [...this.#running.values()].map(({ life }) => life);
  }

  lifeOf(role: string): Life | undefined {
    return this.#running.get(role)?.life;
  }

  /** A server's clock, in whole milliseconds since 1970. */
  clockOf(server: ServerName): number {
    return DAWN_MS + Math.floor(this.#world.nowMs) + this.servers[server].skewMs;
  }

  shiftClock(of: string, byMs: number): void {
    if (of === "postgres" || of === "broker") this.servers[of].skewMs += byMs;
    else this.#skewMs.set(of, (this.#skewMs.get(of) ?? 0) + byMs);
  }

  /** Ends a life at once, as SIGKILL does; another begins a while later. */
  kill(life: Life): void {
    if (life.isDead) return;
    this.#world.tell(() => `${life.name} dies`);
    life.die();
    this.#gateways.delete(life.role);
    this.#world.schedule(this.#world.random.int(20, RESTART_MAX_MS), null, () => {
      this.#start(life.role);
    });
  }

  /** Tells a process to end, as a roll-out does. */
  stop(role: string): void {
    const running = this.#running.get(role);
    if (running === undefined || running.life.isDead) return;
    const { life, close } = running;
    this.#gateways.delete(role);
    this.#world.schedule(0, life, () => {
      void close().finally(() => {
        this.kill(life);
      });
    });
    this.#world.schedule(STOP_DEADLINE_MS, null, () => {
      this.kill(life);
    });
  }

  setServer(name: ServerName, state: Server["state"]): void {
    const server = this.servers[name];
    if (server.state === state) return;
    this.#world.tell(() => `${name} is ${state}`);
    const wasDown = server.state === "down";
    server.state = state;
    if (name === "broker") this.groups.isAway = state !== "up";
    if (state === "down") {
      server.held.length = 0;
      for (const life of this.lives) this.network.cut(life, server);
    }
    if (state !== "up") return;
    for (const arrive of server.held.splice(0)) arrive();
    if (name === "broker" && wasDown) this.rejoinAll();
  }

  rejoinAll(): void {
    for (const reader of this.#broker.readers) reader.rejoin();
  }

  /** Every reader of a tail loses what is on its way to it. */
  skipAll(): void {
    for (const reader of this.#broker.readers) reader.skip?.();
  }

  rebalance(): void {
    this.groups.rebalance(GROUP_ID);
  }

  confuse(): void {
    this.groups.confuse(GROUP_ID);
  }

  /** Whether all that was asked is decided and published, and every process runs and knows of it. */
  isQuiet(): boolean {
    const { gateways, workers, expiryWorkers } = this.#plan;
    if (this.#gateways.size < gateways || this.#running.size < gateways + workers + expiryWorkers) {
      return false;
    }
    if (this.lives.some((life) => life.isDead || life.isFrozen)) return false;
    return this.tables.partitions.every(({ nextOffset }, partition) => {
      const known = this.gateways.every(
        ({ gateway }) => gateway.memory.line(partition).next === nextOffset,
      );
      const isDecided = nextOffset === this.log.end(TOPICS.requests, partition);
      return known && isDecided && this.#isPublished(partition);
    });
  }

  /** What stands in the way of rest, in one line. */
  describe(): string {
    const lines = this.tables.partitions.map(({ nextOffset }, partition) => {
      const end = this.log.end(TOPICS.requests, partition);
      return `${partition} decided to ${nextOffset} of ${end}`;
    });
    const lives = this.lives.map(({ name, isDead, isFrozen }) =>
      isDead ? `${name} dead` : isFrozen ? `${name} frozen` : name,
    );
    return [...lines, ...lives].join(", ");
  }

  /** The last record, and with it all before it; its events are sent with it, but may be lost apart. */
  #isPublished(partition: number): boolean {
    const record = this.tables.records[partition]?.at(-1);
    if (record === undefined) return true;
    if (!this.log.has(TOPICS.outcomes, partition, record.body)) return false;
    const parsed = parseRecord(record.body);
    const events = parsed === null ? [] : buildEvents(parsed);
    return events.every(({ event }) =>
      this.log.has(TOPICS.events, partition, JSON.stringify(event)),
    );
  }

  #start(role: string): void {
    const nth = (this.#lives.get(role) ?? 0) + 1;
    this.#lives.set(role, nth);
    const life = new Life(role, nth);
    this.#world.tell(() => `${life.name} begins`);
    this.#world.schedule(0, life, () => {
      const ground = this.#groundOf(life);
      const kind = role.split("-")[0];
      const running =
        kind === "gateway"
          ? this.#startGateway(ground)
          : kind === "worker"
            ? this.#startWorker(ground)
            : this.#startSweeper(ground);
      this.#running.set(role, { life, close: running.close });
      running.started.catch((error: unknown) => {
        ground.giveUp("could not start", error);
      });
    });
  }

  #groundOf(life: Life): Ground {
    const host = buildSimulatedHost(this.#world, life, () => this.#skewMs.get(life.role) ?? 0);
    const server = this.servers.postgres;
    const isReader = life.role.startsWith("gateway");
    const patienceMs = isReader ? READ_PATIENCE_MS : STATEMENT_PATIENCE_MS;
    const store = buildSimulatedStore((statement) =>
      this.network.ask(life, { server, patienceMs }, () =>
        statement(this.tables, this.clockOf("postgres")),
      ),
    );
    const giveUp = (why: string, error?: unknown) => {
      this.gaveUp.push(why);
      this.#world.tell(() => `${life.name} gives up: ${why}`);
      // Of what only a person can mend, there is nothing here: no topic is ever replaced.
      const isWrong = why.includes("bug") || error instanceof ConfigError;
      if (isWrong) this.#world.fail(error ?? new Error(why));
      this.kill(life);
    };
    const log = this.#log === SILENT ? SILENT : this.#log.child({ life: life.name });
    return { life, host, store, log, giveUp, broker: buildSimulatedBroker(this.#broker, life) };
  }

  #startGateway(ground: Ground) {
    const { life, store } = ground;
    const gateway = buildGateway({
      ...ground,
      topics: TOPICS,
      watchStore: store,
      secrets: SECRETS,
    });
    const start = async () => {
      await gateway.run();
      if (!life.isDead) this.#gateways.set(life.role, { life, gateway });
    };
    return { started: start(), close: () => gateway.close() };
  }

  #startWorker(ground: Ground) {
    const worker = new Worker({
      ...ground,
      bounds: this.#plan.bounds,
      topics: TOPICS,
      groupId: GROUP_ID,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      publishDeadlineMs: PUBLISH_DEADLINE_MS,
    });
    const start = async () => {
      await awaitLine(ground);
      await worker.run();
    };
    return { started: start(), close: () => worker.close() };
  }

  #startSweeper(ground: Ground) {
    const publisher = new Publisher({
      ...ground,
      deadlineMs: PUBLISH_DEADLINE_MS,
      queueMax: PUBLISH_QUEUE_MAX,
    });
    const sweeper = new Sweeper({
      ...ground,
      publisher,
      requestsTopic: TOPICS.requests,
      lastAsked: new Map(),
      intervalMs: SWEEP_MS,
      recordsRetentionDays: RECORDS_RETENTION_DAYS,
    });
    const start = async () => {
      await awaitLine(ground);
      sweeper.start();
    };
    const close = async () => {
      await sweeper.close();
      await publisher.close();
    };
    return { started: start(), close };
  }
}

function indexStepFaults({ faults }: Plan): Map<string, Map<number, StepFault>> {
  const byRole = new Map<string, Map<number, StepFault>>();
  for (const fault of faults) {
    if (fault.kind !== "step") continue;
    const its = byRole.get(fault.role) ?? new Map<number, StepFault>();
    byRole.set(fault.role, its.set(fault.step, fault.fault));
  }
  return byRole;
}
