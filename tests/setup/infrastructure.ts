/**
 * Starts Postgres and Kafka once for a whole run, for the tiers that need them, with one template
 * database that every test file clones. Removes afterwards what the files left on both.
 */
import { randomBytes } from "node:crypto";

import { startInfrastructure } from "@seatline/infra/infrastructure.ts";
import { createTemplate, deleteTopics, dropDatabases } from "@seatline/shared/testing/servers.ts";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The server, and on it the template that a file's database is made from. */
    databaseServer: string;
    databaseTemplate: string;
    kafkaBrokers: readonly string[];
    /** In the name of everything that this run makes on a server. */
    runName: string;
  }
}

type Addresses = {
  readonly databaseServer: string;
  readonly databaseTemplate: string;
  readonly kafkaBrokers: readonly string[];
  readonly runName: string;
};
type Started = { readonly addresses: Addresses; readonly close: () => Promise<void> };
type Shared = { users: number; started: Promise<Started> };

/** Every tier that is run calls this file anew, each in a module graph of its own, in one process. */
const run = globalThis as { seatlineInfrastructure?: Shared };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (run.seatlineInfrastructure ??= { users: 0, started: start() });
  shared.users += 1;
  const { addresses, close } = await shared.started;
  project.provide("databaseServer", addresses.databaseServer);
  project.provide("databaseTemplate", addresses.databaseTemplate);
  project.provide("kafkaBrokers", addresses.kafkaBrokers);
  project.provide("runName", addresses.runName);
  return async () => {
    shared.users -= 1;
    if (shared.users === 0) await close();
  };
}

async function start(): Promise<Started> {
  const infrastructure = await startInfrastructure({
    purpose: "test",
    env: process.env,
    log: (line) => {
      process.stderr.write(`${line}\n`);
    },
  });
  const { databaseUrl: databaseServer, kafkaBrokers } = infrastructure;
  const runName = `seatline_test_${randomBytes(4).toString("hex")}`;
  const databaseTemplate = `${runName}_template`;
  await createTemplate(databaseServer, databaseTemplate);
  return {
    addresses: { databaseServer, databaseTemplate, kafkaBrokers, runName },
    close: async () => {
      // What this run started goes as a whole; on servers of somebody else, only what is ours.
      if (infrastructure.choice === "external") {
        await dropDatabases(databaseServer, runName);
        await deleteTopics(kafkaBrokers, runName);
      }
      await infrastructure.close();
    },
  };
}
