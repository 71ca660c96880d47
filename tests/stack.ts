/**
 * The whole system for one test file: the real services as processes, on a database and topics of
 * their own. Ends with everything it started, and fails if one of the services did not do well.
 */
import { findFreePort } from "@seatline/infra/ports.ts";
import {
  bindDatabase,
  buildTopicPrefix,
  createTestTopics,
  openBrokerProxy,
} from "@seatline/shared/testing/broker.ts";
import { createDatabase } from "@seatline/shared/testing/database.ts";
import type { TestDatabase } from "@seatline/shared/testing/database.ts";
import { Proxy } from "@seatline/shared/testing/proxy.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";
import { afterAll, beforeAll, inject } from "vitest";

import { Client } from "./client.ts";
import { buildHttp } from "@seatline/shared/testing/http.ts";
import { Service } from "@seatline/shared/testing/service.ts";
import type { ServiceName } from "@seatline/shared/testing/service.ts";

export const ID_SECRET = "a secret that only the tests use";
export const ADMIN_TOKEN = "the-admin-token-of-the-tests";

type StackOptions = {
  readonly gateways?: number;
  readonly workers?: number;
  readonly expiryWorkers?: number;
  /** Every service reaches Postgres and the broker through proxies that can be cut and frozen. */
  readonly breakable?: boolean;
  /** For every service. */
  readonly env?: Readonly<Record<string, string>>;
};

class Stack {
  readonly database: TestDatabase;
  readonly topics: Topics;
  readonly http = buildHttp();
  /** In between, where the stack is breakable. */
  readonly proxies: { readonly postgres: Proxy; readonly kafka: Proxy } | null;
  readonly gateways: Service[] = [];
  readonly workers: Service[] = [];
  readonly expiryWorkers: Service[] = [];
  /** What every service is given. */
  readonly env: Readonly<Record<string, string>>;
  readonly #ports: number[] = [];

  private constructor(parts: {
    readonly database: TestDatabase;
    readonly topics: Topics;
    readonly proxies: Stack["proxies"];
    readonly env: Readonly<Record<string, string>>;
  }) {
    this.database = parts.database;
    this.topics = parts.topics;
    this.proxies = parts.proxies;
    this.env = parts.env;
  }

  /** Starts the services that were asked for: one gateway and one booking-worker if nothing was said. */
  static async start(options: StackOptions = {}): Promise<Stack> {
    const { gateways = 1, workers = 1, expiryWorkers = 0 } = options;
    const prefix = buildTopicPrefix();
    const [database, topics] = await Promise.all([createDatabase(), createTestTopics(prefix)]);
    await bindDatabase(database.sql, topics);
    const proxies = options.breakable === true ? await openProxies(database.url) : null;
    const env = {
      DATABASE_URL: proxies === null ? database.url : proxies.databaseUrl,
      KAFKA_BROKERS: proxies?.kafka.address ?? inject("kafkaBrokers").join(","),
      TOPIC_PREFIX: prefix,
      ID_SECRETS: ID_SECRET,
      ADMIN_ACCESS: "open",
      LOG_LEVEL: "info",
      ...options.env,
    };
    const stack = new Stack({ database, topics, proxies, env });
    for (let count = 0; count < gateways; count++) await stack.addGateway();
    for (let count = 0; count < workers; count++) await stack.addWorker();
    for (let count = 0; count < expiryWorkers; count++) await stack.addExpiryWorker();
    const services = [...stack.gateways, ...stack.workers, ...stack.expiryWorkers];
    const starts = await Promise.allSettled(services.map((service) => service.start()));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed === undefined) return stack;
    await stack.close().catch(() => {
      // What was wrong is thrown below.
    });
    throw failed.reason;
  }

  /** A client of the first gateway. */
  get client(): Client {
    return this.clientOf(0);
  }

  clientOf(gateway: number): Client {
    const { url } = at(this.gateways, gateway);
    return new Client(this.http, url);
  }

  gateway(index = 0): Service {
    return at(this.gateways, index);
  }

  worker(index = 0): Service {
    return at(this.workers, index);
  }

  /** Another gateway, not started yet; of another checkout, where one is named. */
  addGateway(env: Readonly<Record<string, string>> = {}, root?: string): Promise<Service> {
    return this.#add({ name: "api-gateway", env, root }, this.gateways);
  }

  addWorker(env: Readonly<Record<string, string>> = {}, root?: string): Promise<Service> {
    return this.#add({ name: "booking-worker", env, root }, this.workers);
  }

  addExpiryWorker(env: Readonly<Record<string, string>> = {}): Promise<Service> {
    return this.#add({ name: "expiry-worker", env }, this.expiryWorkers);
  }

  async close(): Promise<void> {
    const services = [...this.gateways, ...this.workers, ...this.expiryWorkers];
    const faults = await Promise.all(services.map((service) => service.close()));
    this.http.destroy();
    await Promise.all([this.proxies?.postgres.close(), this.proxies?.kafka.close()]);
    await this.database.close();
    const found = faults.filter((fault) => fault !== null);
    if (found.length > 0) throw new Error(found.join("\n\n"));
  }

  async #add(
    asked: {
      readonly name: ServiceName;
      readonly env: Readonly<Record<string, string>>;
      readonly root?: string | undefined;
    },
    list: Service[],
  ): Promise<Service> {
    const { name, root = "." } = asked;
    const port = await findFreePort(undefined, this.#ports);
    this.#ports.push(port);
    const env = { ...this.env, ...asked.env };
    const service = new Service({ name, port, env, http: this.http, root });
    list.push(service);
    return service;
  }
}

async function openProxies(databaseUrl: string) {
  const [postgres, kafka] = await Promise.all([Proxy.open(databaseUrl), openBrokerProxy()]);
  return { postgres, kafka, databaseUrl: postgres.through(databaseUrl) };
}

/** A stack for all tests of the file that calls it. */
export function useStack(options: StackOptions = {}): () => Stack {
  let stack: Stack | undefined;
  beforeAll(async () => {
    stack = await Stack.start(options);
  });
  afterAll(async () => {
    await stack?.close();
  });
  return () => {
    if (stack === undefined) throw new Error("the stack starts before the first test");
    return stack;
  };
}

function at(services: readonly Service[], index: number): Service {
  const service = services[index];
  if (service === undefined) throw new RangeError(`there is no service ${index} of this kind`);
  return service;
}
