/**
 * The real system for one run of chaos or one drill, on a database and topics of its own: two gateways, two booking-workers and
 * an expiry-worker as processes, each behind proxies, on servers that can be killed.
 */
import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";

import type { Infrastructure } from "@seatline/infra/infrastructure.ts";
import { findFreePort } from "@seatline/infra/ports.ts";
import type { InfraPart } from "@seatline/infra/running-infra.ts";
import { connectSql } from "@seatline/shared/db/client.ts";
import type { Sql } from "@seatline/shared/db/client.ts";
import type { KafkaAddress } from "@seatline/shared/line/kafka.ts";
import { buildTopics } from "@seatline/shared/line/topics.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";
import { buildHttp } from "@seatline/shared/testing/http.ts";
import type { Http } from "@seatline/shared/testing/http.ts";
import { runMigrateStep } from "@seatline/shared/testing/migrate-step.ts";
import { Proxy } from "@seatline/shared/testing/proxy.ts";
import {
  deleteTopics,
  dropDatabases,
  runOn,
  withDatabase,
} from "@seatline/shared/testing/servers.ts";
import type { ServiceName } from "@seatline/shared/testing/service.ts";

import { MEMBERS } from "./parts.ts";
import type { MemberName, ServerName } from "./parts.ts";
import { Member } from "./member.ts";
import type { Complaint } from "./member.ts";

const PARTITIONS = 3;
/** A worker that gives no sign of life for so long is out of its group. */
export const SESSION_TIMEOUT_MS = 3_000;
/** What a session of a service in Postgres says of itself. */
export const MEMBER_SETTING = "seatline.member";
const SWEEP_SECONDS = 1;
const CONNECTIONS_MAX = 4;
const STATEMENT_TIMEOUT_MS = 60_000;

type SystemOptions = {
  readonly infra: Infrastructure;
  /** Another one for each run on the same servers. */
  readonly name: string;
  /** Where logs are kept. */
  readonly folder: string;
  readonly partitions?: number;
};

export class RealSystem {
  readonly members: readonly Member[];
  readonly complaints: Complaint[] = [];
  readonly sql: Sql;
  readonly kafka: KafkaAddress;
  readonly topics: Topics;
  readonly http: Http;
  readonly partitionCount: number;
  readonly #options: SystemOptions;

  private constructor(options: SystemOptions, http: Http, specs: readonly MemberSpec[]) {
    const { infra, name, partitions = PARTITIONS } = options;
    this.#options = options;
    this.partitionCount = partitions;
    this.http = http;
    this.topics = buildTopics(name);
    this.kafka = {
      brokers: infra.kafkaBrokers,
      clientId: "chaos",
      log: buildLog("chaos", "silent"),
    };
    this.sql = connectSql({
      url: withDatabase(infra.databaseUrl, name),
      name: "chaos",
      connectionsMax: CONNECTIONS_MAX,
      statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    });
    const onComplaint = (complaint: Complaint): void => {
      this.complaints.push(complaint);
    };
    this.members = specs.map((spec) => new Member({ ...spec, onComplaint }));
  }

  /** Makes database and topics, and starts all services. */
  static async start(options: SystemOptions): Promise<RealSystem> {
    const { infra, name, folder, partitions = PARTITIONS } = options;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await runOn(infra.databaseUrl, (sql) => sql`create database ${sql(name)}`);
    const common = { TOPIC_PREFIX: name, LOG_LEVEL: "info" };
    const databaseUrl = withDatabase(infra.databaseUrl, name);
    const { code, words } = await runMigrateStep({
      ...common,
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: infra.kafkaBrokers.join(","),
      PARTITIONS: String(partitions),
    });
    if (code !== 0) throw new Error(`the migrate step failed: ${words.join("; ")}`);
    const http = buildHttp();
    const system = new RealSystem(options, http, await describeMembers(options, http, common));
    for (const member of system.members) member.launch();
    await system.untilReady();
    return system;
  }

  get gateways(): readonly Member[] {
    return this.members.filter(({ service }) => service.name === "api-gateway");
  }

  /** What the booking-workers are members of. */
  get workerGroup() {
    return {
      ...this.kafka,
      groupId: `${this.#options.name}.booking-worker`,
      topic: this.topics.requests,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
    };
  }

  member(name: MemberName): Member {
    const found = this.members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  }

  server(name: ServerName): InfraPart {
    const found = this.#options.infra.parts.find((part) => part.name === name);
    if (found === undefined) throw new Error(`${name} is not ours to hurt`);
    return found;
  }

  /** Every service says of itself that it is ready. */
  async untilReady(): Promise<void> {
    await Promise.all(this.members.map(({ service }) => service.untilReady()));
  }

  /** How many messages of the lines are decided. */
  async countDecided(): Promise<number> {
    const [row] = await this.sql<{ decided: number }[]>`
      select sum(next_offset)::int as decided from partitions`;
    return row?.decided ?? 0;
  }

  /** Written into a log of its own, to be read beside those of the services. */
  note(words: string): void {
    const line = JSON.stringify({ time: new Date().toISOString(), chaos: words });
    appendFileSync(join(this.#options.folder, "faults.log"), `${line}\n`);
  }

  /** Stops everything and removes what the run has made; gives what was wrong with how a service ended. */
  async close(): Promise<string[]> {
    const { infra, name } = this.#options;
    const faults = await Promise.all(this.members.map((member) => member.close()));
    this.http.destroy();
    await this.sql.end();
    await dropDatabases(infra.databaseUrl, name);
    await deleteTopics(infra.kafkaBrokers, name);
    return faults.filter((fault) => fault !== null);
  }
}

type MemberSpec = Omit<ConstructorParameters<typeof Member>[0], "onComplaint">;

const SERVICE_SETTINGS: Readonly<Record<ServiceName, Readonly<Record<string, string>>>> = {
  "api-gateway": { ID_SECRETS: "a secret that only chaos uses", ADMIN_ACCESS: "open" },
  "booking-worker": { SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS) },
  "expiry-worker": { SWEEP_SECONDS: String(SWEEP_SECONDS) },
};

async function describeMembers(
  { infra, name: system, folder }: SystemOptions,
  http: Http,
  common: Readonly<Record<string, string>>,
): Promise<MemberSpec[]> {
  const databaseUrl = withDatabase(infra.databaseUrl, system);
  const specs: MemberSpec[] = [];
  for (const name of MEMBERS) {
    const taken = specs.map(({ port }) => port);
    const port = await findFreePort(undefined, taken);
    const proxies = await openProxies(infra, databaseUrl);
    const service = serviceOf(name);
    const env = {
      ...common,
      ...SERVICE_SETTINGS[service],
      DATABASE_URL: `${proxies.postgres.through(databaseUrl)}?${MEMBER_SETTING}=${name}`,
      KAFKA_BROKERS: proxies.kafka.address,
    };
    specs.push({ name, service, port, env, http, proxies, logPath: join(folder, `${name}.log`) });
  }
  return specs;
}

function serviceOf(member: MemberName): ServiceName {
  switch (member) {
    case "api-gateway-1":
    case "api-gateway-2":
      return "api-gateway";
    case "booking-worker-1":
    case "booking-worker-2":
      return "booking-worker";
    case "expiry-worker-1":
      return "expiry-worker";
  }
}

async function openProxies({ kafkaBrokers }: Infrastructure, databaseUrl: string) {
  const [broker = ""] = kafkaBrokers;
  const { hostname: host, port } = new URL(`kafka://${broker}`);
  const [postgres, kafka] = await Promise.all([
    Proxy.open(databaseUrl),
    Proxy.openBroker({ host, port: Number(port) }),
  ]);
  return { postgres, kafka };
}
