/**
 * What an embedded broker needs on disk, made once per user and kept: the jars (by Maven), a
 * formatted storage folder to copy, and an archive of parsed classes that halves the start. Every
 * part is made beside its place and moved there whole, so a crash or a second process leaves no half.
 */
import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { hasMaven } from "./java.ts";
import type { Java } from "./java.ts";
import { kafkaArguments, writeServerProperties } from "./kafka-properties.ts";
import { waitForKafka } from "./kafka-ready.ts";
import { acquireLock } from "./lock.ts";
import { INFRA_PACKAGE_ROOT } from "./paths.ts";
import { findFreePort } from "./ports.ts";
import { lastWords, runCommand } from "./run-command.ts";
import { SupervisedProcess } from "./supervised-process.ts";

export type KafkaParts = {
  readonly java: Java;
  readonly classPath: string;
  /** The small files of a formatted, empty data folder. */
  readonly templateFolder: string;
  /** Passed on only if it exists: without it the broker starts, later. */
  readonly classArchive: string;
};

type CacheOptions = {
  readonly folder: string;
  readonly java: Java;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
  readonly signal: AbortSignal | undefined;
};

const POM_PATH = join(INFRA_PACKAGE_ROOT, "kafka", "pom.xml");
const MAVEN_TIMEOUT_MS = 10 * 60_000;
const FORMAT_TIMEOUT_MS = 60_000;
const ARCHIVE_TIMEOUT_MS = 60_000;
/** Another process may be filling the cache over a slow line: as long as Maven may take, and some. */
const FILL_WAIT_MAX_MS = 12 * 60_000;
const FILL_POLL_MS = 200;

/** Whether a broker can be had from what is here: already kept, or Maven is there to fetch it. */
export async function canHaveKafka(folder: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return existsSync(join(await versionFolderOf(folder), "libs")) || hasMaven(env);
}

/** Fills the cache where it has gaps; instant when it has none. Throws one sentence when it cannot. */
export async function prepareKafkaParts(options: CacheOptions): Promise<KafkaParts> {
  const home = await versionFolderOf(options.folder);
  const archiveName = createHash("sha256").update(options.java.version).digest("hex").slice(0, 12);
  const files = {
    libs: join(home, "libs"),
    template: join(home, "formatted"),
    classArchive: join(home, `classes-${archiveName}.jsa`),
  };
  const isFull = (): boolean => Object.values(files).every((path) => existsSync(path));
  if (!isFull()) {
    await mkdir(home, { recursive: true });
    const release = await lockFill(join(home, "lock"), options);
    try {
      await removeDrafts(home);
      if (!existsSync(files.libs)) await fetchJars(files.libs, options);
      const classPath = await classPathOf(files.libs);
      if (!existsSync(files.template)) await formatTemplate(files.template, classPath, options);
      const parts = { ...files, templateFolder: files.template, java: options.java, classPath };
      if (!existsSync(files.classArchive)) await archiveClasses(parts, options);
    } finally {
      release();
    }
  }
  return {
    java: options.java,
    classPath: await classPathOf(files.libs),
    templateFolder: files.template,
    classArchive: files.classArchive,
  };
}

/** A new pom is another folder: an older checkout keeps working beside a newer one. */
async function versionFolderOf(folder: string): Promise<string> {
  const pom = await readFile(POM_PATH);
  return join(folder, `kafka-${createHash("sha256").update(pom).digest("hex").slice(0, 12)}`);
}

/** The order is part of what the class archive was made for; a folder's own order is not stable. */
async function classPathOf(libs: string): Promise<string> {
  const jars = (await readdir(libs)).filter((name) => name.endsWith(".jar")).sort();
  return jars.map((name) => join(libs, name)).join(":");
}

async function lockFill(path: string, { log, signal }: CacheOptions): Promise<() => void> {
  const deadlineAt = performance.now() + FILL_WAIT_MAX_MS;
  let isTold = false;
  for (;;) {
    const lock = await acquireLock(path);
    if (lock.held) return lock.release;
    if (performance.now() > deadlineAt) {
      throw new Error(`Process ${lock.holder.pid} has been filling ${path} for too long.`);
    }
    if (!isTold) log(`Waiting for process ${lock.holder.pid}, which is fetching Kafka …`);
    isTold = true;
    await delay(FILL_POLL_MS, undefined, signal && { signal });
  }
}

function draftOf(path: string): string {
  return `${path}.draft-${randomUUID()}`;
}

/** What a killed process left half-made. Safe because we hold the lock. */
async function removeDrafts(home: string): Promise<void> {
  const drafts = (await readdir(home)).filter((name) => name.includes(".draft-"));
  for (const name of drafts) await rm(join(home, name), { recursive: true, force: true });
}

async function fetchJars(target: string, { env, log, signal }: CacheOptions): Promise<void> {
  log("Fetching Apache Kafka 4.3.1 with Maven (about 44 MB, only once) …");
  const draft = draftOf(target);
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${draft}`];
  const args = ["-q", "-B", "-f", POM_PATH, ...goal, "-DincludeScope=runtime"];
  const result = await runCommand("mvn", args, { timeoutMs: MAVEN_TIMEOUT_MS, env, signal });
  signal?.throwIfAborted();
  if (result.code !== 0 || !existsSync(draft)) {
    await rm(draft, { recursive: true, force: true });
    throw new Error(`Maven could not fetch Apache Kafka: ${firstError(result)}`);
  }
  await rename(draft, target);
}

function firstError(result: Parameters<typeof lastWords>[0]): string {
  const line = result.stdout.split("\n").find((text) => text.includes("ERROR"));
  return line?.replace(/^.*?ERROR\S*\s*/, "").slice(0, 300) ?? lastWords(result);
}

async function formatTemplate(
  target: string,
  classPath: string,
  { java, env, log, signal }: CacheOptions,
): Promise<void> {
  log("Preparing Kafka's storage (only once) …");
  const draft = draftOf(target);
  await mkdir(draft);
  const properties = join(draft, "server.properties");
  const data = join(draft, "data");
  await writeServerProperties(properties, { port: 1, controllerPort: 2, dataFolder: data });
  const clusterId = Buffer.from(randomUUID().replaceAll("-", ""), "hex").toString("base64url");
  const tool = ["-cp", classPath, "kafka.tools.StorageTool", "format"];
  const args = [...tool, "-t", clusterId, "-c", properties];
  const result = await runCommand(java.command, args, {
    timeoutMs: FORMAT_TIMEOUT_MS,
    env,
    signal,
  });
  signal?.throwIfAborted();
  if (result.code !== 0) throw new Error(`Kafka's storage was not formatted: ${lastWords(result)}`);
  await rename(data, target);
  await rm(draft, { recursive: true, force: true });
}

/**
 * Runs a throw-away broker once and lets the Java machine write down the classes it loaded. Only a
 * short cut: when it does not work out, an empty file takes its place and brokers start without.
 */
async function archiveClasses(parts: KafkaParts, options: CacheOptions): Promise<void> {
  const { log, env, signal } = options;
  log("Teaching Java to start Kafka faster (only once) …");
  const draft = draftOf(parts.classArchive);
  const work = `${draft}-run`;
  const dataFolder = join(work, "data");
  await cp(parts.templateFolder, dataFolder, { recursive: true });
  const properties = join(work, "server.properties");
  const port = await findFreePort();
  const controllerPort = await findFreePort(undefined, [port]);
  await writeServerProperties(properties, { port, controllerPort, dataFolder });
  const broker = new SupervisedProcess(
    {
      name: "kafka",
      command: parts.java.command,
      args: [`-XX:ArchiveClassesAtExit=${draft}`, ...kafkaArguments(parts, properties)],
      env,
      cwd: work,
      logPath: join(work, "kafka.log"),
      showLine: () => undefined,
      stopSignal: "SIGTERM",
      stopTimeoutMs: ARCHIVE_TIMEOUT_MS,
    },
    { log, onChange: () => undefined },
  );
  try {
    await broker.start();
    await waitForKafka([`127.0.0.1:${port}`], { timeoutMs: ARCHIVE_TIMEOUT_MS, signal });
  } finally {
    await broker.stop();
  }
  if (!existsSync(draft)) await writeFile(draft, "");
  await rename(draft, parts.classArchive);
  await rm(work, { recursive: true, force: true });
}
