/** The first words with Postgres at the start of a process. */
import { ConfigError } from "../runtime/config.ts";
import { classifyFault } from "../runtime/faults.ts";
import type { Host } from "../runtime/host.ts";
import type { Log } from "../runtime/log.ts";
import type { PartitionRow } from "./load-partitions.ts";
import type { Store } from "./store.ts";

type AwaitDeps = { readonly host: Host; readonly store: Store; readonly log: Log };

const RETRY_MS = 500;

/**
 * The partitions, as soon as Postgres answers: it may be away for as long as it likes. Throws a
 * ConfigError where no waiting helps.
 */
export async function awaitLine({ host, store, log }: AwaitDeps): Promise<PartitionRow[]> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      const rows = await store.loadPartitions();
      if (rows.length > 0) return rows;
      throw new ConfigError(["the database has no line yet; run the migrate step first"]);
    } catch (error) {
      const obstacle = findObstacle(error);
      if (obstacle !== null) throw new ConfigError([obstacle], { cause: error });
      const kind = classifyFault(error);
      if (kind === "bug" || kind === "data") throw error;
      log[isFirst ? "warn" : "debug"]({ err: error }, "Postgres is away; waiting for it");
      await host.pause(RETRY_MS);
    }
  }
}

/** What a person must mend before Postgres lets us work, or null. */
export function findObstacle(error: unknown): string | null {
  const code = readCode(error) ?? (error instanceof Error ? readCode(error.cause) : null) ?? "";
  if (code === "42P01") return "the database has no tables yet; run the migrate step first";
  if (code === "42P07") {
    return "the tables of another version are there already; `npm run reset`, or a new database, starts anew";
  }
  if (code === "3D000") return "DATABASE_URL names a database that does not exist; create it first";
  if (code.startsWith("28")) {
    return (
      "DATABASE_URL: Postgres refuses this user or password " +
      "(a database in a volume keeps the password that its first start gave it)"
    );
  }
  return null;
}

function readCode(error: unknown): string | null {
  return error instanceof Error && "code" in error ? String(error.code) : null;
}
