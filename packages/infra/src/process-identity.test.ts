import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import {
  commandLineOf,
  identifyProcess,
  isSameProcessAlive,
  signalProcess,
} from "./process-identity.ts";

test("a process is itself as long as it lives, and nobody afterwards", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  const identity = identifyProcess(child.pid ?? 0);
  expect(identity).toBeDefined();
  if (identity === undefined) return;
  expect(isSameProcessAlive(identity)).toBe(true);
  expect(commandLineOf(identity.pid)).toContain("setInterval");
  const gone = once(child, "exit");
  expect(signalProcess(identity, "SIGKILL")).toBe(true);
  await gone;
  expect(isSameProcessAlive(identity)).toBe(false);
  expect(signalProcess(identity, "SIGKILL")).toBe(false);
});

test("a recycled pid is never signalled: the start time must be the one written down", () => {
  const recycled = { pid: process.pid, startedAt: "another boot/1" };
  expect(isSameProcessAlive(recycled)).toBe(false);
  // Were it sent, this test would end here.
  expect(signalProcess(recycled, "SIGKILL")).toBe(false);
});
