/**
 * A whole start from outside, as a terminal sees it, with stand-ins for our services and addresses
 * that nobody asks. Planted faults it has caught: no check of the port, restarting after exit code
 * 78, a state file that keeps the old pid, a start that stays when its lock is taken.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { INFRA_PACKAGE_ROOT, startHomeOf } from "./paths.ts";
import { findFreePort, findPortObstacle } from "./ports.ts";
import { isSameProcessAlive } from "./process-identity.ts";
import { childProcessesOf, readState } from "./state-file.ts";
import type { RunState } from "./state-file.ts";

let root = "";
let port = 0;
const starts: ChildProcess[] = [];
const PATIENCE = { timeout: 20_000, interval: 50 };

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "seatline-start-"));
  port = await findFreePort();
});
afterEach(async () => {
  for (const start of starts.splice(0)) await endOf(start, "SIGTERM");
  rmSync(root, { recursive: true, force: true });
});

type Start = { readonly child: ChildProcess; readonly output: () => string };

function start(env: NodeJS.ProcessEnv = {}): Start {
  const child = spawn(process.execPath, [join(INFRA_PACKAGE_ROOT, "fixtures", "start.ts"), root], {
    env: {
      ...process.env,
      INFRA: "external",
      DATABASE_URL: "postgres://nobody",
      KAFKA_BROKERS: "nobody:1",
      PORT: String(port),
      ...env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  starts.push(child);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    output += chunk;
  });
  return { child, output: () => output };
}

async function started(env?: NodeJS.ProcessEnv): Promise<Start & { readonly state: RunState }> {
  const one = start(env);
  await expect.poll(one.output, PATIENCE).toContain("Seatline is running.");
  const state = readState(startHomeOf(root).state);
  if (state === undefined) throw new Error("A running start has a state file.");
  return { ...one, state };
}

async function endOf(child: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> {
  const gone = once(child, "exit");
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  if (signal !== undefined) child.kill(signal);
  await gone;
  return child.exitCode;
}

/** Never without a pid: 0 would be the test's own process group. */
function killHard(pid: number | null | undefined): void {
  if (!pid) throw new Error("There is no process to kill.");
  process.kill(pid, "SIGKILL");
}

function livingOf(state: RunState): string[] {
  const all = [...childProcessesOf(state)];
  if (state.warden !== null) all.push({ name: "warden", identity: state.warden });
  return all.filter(({ identity }) => isSameProcessAlive(identity)).map(({ name }) => name);
}

test("a stop leaves no process, no port and no state", async () => {
  const { child, state } = await started();
  expect(livingOf(state)).toEqual(["api-gateway", "booking-worker", "warden"]);
  expect(state.url).toBe(`http://127.0.0.1:${port}`);
  expect(await endOf(child, "SIGINT")).toBe(0);
  expect(livingOf(state)).toEqual([]);
  expect(await findPortObstacle(port)).toBeNull();
  expect(readdirSync(startHomeOf(root).folder).sort()).toEqual(["lock", "logs", "settings.json"]);
}, 30_000);

test("a killed start leaves nothing running, and the next one starts at once", async () => {
  const first = await started();
  await endOf(first.child, "SIGKILL");
  const second = await started();
  expect(livingOf(first.state)).toEqual([]);
  expect(await endOf(second.child, "SIGTERM")).toBe(0);
}, 60_000);

test("where the warden was killed too, the next start clears up", async () => {
  const first = await started();
  killHard(first.state.warden?.pid);
  await endOf(first.child, "SIGKILL");
  const second = await started();
  expect(second.output()).toContain("An earlier start was killed");
  expect(livingOf(first.state)).toEqual([]);
}, 60_000);

test("a second start in the same checkout says where the first one is", async () => {
  const first = await started();
  const second = start();
  expect(await endOf(second.child)).toBe(1);
  expect(second.output()).toContain(`running already in this checkout at ${first.state.url}`);
  expect(livingOf(first.state)).toHaveLength(3);
}, 30_000);

test("a start that follows a stop at once waits for it", async () => {
  const first = await started({ SERVICE_SLOW_STOP_MS: "1000" });
  first.child.kill("SIGTERM");
  await expect.poll(first.output, PATIENCE).toContain("Stopping");
  const second = await started();
  expect(second.output()).toContain("An earlier start is stopping");
  expect(livingOf(first.state)).toEqual([]);
}, 30_000);

test("a taken port is said before anything is started", async () => {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const one = start();
  expect(await endOf(one.child)).toBe(1);
  expect(one.output()).toContain(`Port ${port} is taken`);
  server.close();
}, 30_000);

test("a killed service comes back under its port, and the state file says its new pid", async () => {
  const { state } = await started();
  const worker = state.children.find(({ name }) => name === "booking-worker");
  killHard(worker?.pid);
  const now = (): number | null | undefined =>
    readState(startHomeOf(root).state)?.children.find(({ name }) => name === "booking-worker")?.pid;
  await expect.poll(now, PATIENCE).not.toBe(worker?.pid);
  await expect.poll(now, PATIENCE).toEqual(expect.any(Number));
  const answer = (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${worker?.port}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
  await expect.poll(answer, PATIENCE).toBe(true);
}, 30_000);

test("a service with a wrong configuration stops everything and its sentence is the last", async () => {
  const one = start({ SERVICE_EXIT_CODE: "78" });
  expect(await endOf(one.child)).toBe(1);
  expect(one.output().trimEnd()).toMatch(
    /cannot run as it is configured: SOME_SETTING must be set/,
  );
  expect(await findPortObstacle(port)).toBeNull();
}, 30_000);

test("a failed migration stops everything and says why", async () => {
  const one = start({ STEP_FAILS: "1" });
  expect(await endOf(one.child)).toBe(1);
  expect(one.output()).toContain("The migrate step failed: Error: the step was told to fail");
}, 30_000);
