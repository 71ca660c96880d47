import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { showServiceLine } from "./log-lines.ts";
import { INFRA_PACKAGE_ROOT } from "./paths.ts";
import { findFreePort } from "./ports.ts";
import { isSameProcessAlive } from "./process-identity.ts";
import { SupervisedProcess } from "./supervised-process.ts";
import type { ProcessSpec } from "./supervised-process.ts";

let folder = "";
let running: SupervisedProcess | undefined;
const log: string[] = [];
const finalExits: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seatline-process-"));
  log.length = 0;
  finalExits.length = 0;
});
afterEach(async () => {
  await running?.kill();
  rmSync(folder, { recursive: true, force: true });
});

function supervise(env: NodeJS.ProcessEnv, change: Partial<ProcessSpec> = {}): SupervisedProcess {
  running = new SupervisedProcess(
    {
      name: "service",
      command: process.execPath,
      args: [join(INFRA_PACKAGE_ROOT, "fixtures", "service.ts")],
      env: { ...process.env, ...env },
      cwd: folder,
      logPath: join(folder, "service.log"),
      showLine: showServiceLine,
      stopSignal: "SIGTERM",
      stopTimeoutMs: 10_000,
      finalExitCode: 78,
      ...change,
    },
    {
      log: (line) => log.push(line),
      onChange: () => undefined,
      onFinalExit: (sentence) => finalExits.push(sentence),
    },
  );
  return running;
}

async function pidOf(port: number): Promise<number | undefined> {
  try {
    const answer: unknown = await (await fetch(`http://127.0.0.1:${port}/`)).json();
    return (answer as { pid: number }).pid;
  } catch {
    return undefined;
  }
}

const PATIENCE = { timeout: 10_000, interval: 50 };

test("a process that dies is started again, and one line says why", async () => {
  const port = await findFreePort();
  const service = supervise({ PORT: String(port) });
  await service.start();
  await expect.poll(() => pidOf(port), PATIENCE).toBe(service.identity?.pid);
  const first = service.identity?.pid;
  await fetch(`http://127.0.0.1:${port}/crash`).catch(() => undefined);
  await expect.poll(() => pidOf(port), PATIENCE).toEqual(expect.any(Number));
  expect(service.identity?.pid).not.toBe(first);
  expect(log).toEqual(["[service] exited with code 9; starting it again in 0.2 s"]);
});

test("a wrong configuration is not tried again, and its sentence is passed on", async () => {
  const service = supervise({ SERVICE_EXIT_CODE: "78" });
  await service.start();
  await expect.poll(() => finalExits, PATIENCE).toEqual(["SOME_SETTING must be set: it says how."]);
  expect(service.isEnded).toBe(true);
  expect(log).toEqual(["[service] SOME_SETTING must be set: it says how."]);
});

test("who does not hear SIGTERM is killed at the deadline", async () => {
  const port = await findFreePort();
  const env = { PORT: String(port), SERVICE_DEAF: "1" };
  const service = supervise(env, { stopTimeoutMs: 200 });
  await service.start();
  await expect.poll(() => pidOf(port), PATIENCE).toEqual(expect.any(Number));
  const { identity } = service;
  await service.stop();
  expect(identity && isSameProcessAlive(identity)).toBe(false);
  expect(log).toEqual(["[service] did not stop within 0.2 s: killing it"]);
});

test("who is stopped while waiting for a restart stays down", async () => {
  const service = supervise({ SERVICE_EXIT_CODE: "1" });
  await service.start();
  await expect.poll(() => log.length, PATIENCE).toBeGreaterThan(1);
  await service.stop();
  const restarts = log.length;
  await service.stop();
  expect(service.identity).toBeUndefined();
  expect(log).toHaveLength(restarts);
});

test("a program that does not exist is reported like one that died", async () => {
  const service = supervise({}, { command: join(folder, "nothing") });
  await service.start();
  await expect.poll(() => log[0], PATIENCE).toContain("could not be started");
  await service.stop();
});

test("the log file has everything, the terminal only what matters", async () => {
  const port = await findFreePort();
  const service = supervise({ PORT: String(port) });
  await service.start();
  const read = (): string => readFileSync(join(folder, "service.log"), "utf8");
  await expect.poll(read, PATIENCE).toContain("started");
  expect(log).toEqual([]);
});
