/** Who is found to be killed, and that it is dead afterwards. */
import { spawn } from "node:child_process";
import { once } from "node:events";

import { identifyProcess } from "@seatline/infra/process-identity.ts";
import { childStateOf } from "@seatline/infra/state-file.ts";
import { expect, test } from "vitest";

import { findVictim } from "./kill.ts";

const worker = { kind: "process", part: "worker", atAck: 1 } as const;
const broker = { kind: "process", part: "broker", atAck: 1 } as const;

test("a worker that runs here is killed for good", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1_000)"], {
    stdio: "ignore",
  });
  const gone = once(child, "exit");
  await once(child, "spawn");
  const identity = identifyProcess(child.pid ?? 0);
  const state = { children: [childStateOf("booking-worker", identity)] };
  await findVictim(worker, state).kill();
  expect(await gone).toEqual([null, "SIGKILL"]);
  await expect(findVictim(worker, state).kill()).rejects.toThrow("was not running any more");
});

test("a broker may be a container", () => {
  const state = { children: [childStateOf("kafka", undefined, { container: "seatline-kafka-1" })] };
  expect(findVictim(broker, state).name).toBe("kafka (container seatline-kafka-1)");
});

test("nobody is killed who is not known", () => {
  expect(() => findVictim(worker, null)).toThrow("say it with --kill-command");
  expect(() => findVictim(worker, { children: [] })).toThrow(
    "not run by npm start here, or is down",
  );
});

test("a command that fails has killed nobody", async () => {
  const plan = (command: string) => ({ kind: "command", command, atAck: 1 }) as const;
  await expect(findVictim(plan("exit 3"), null).kill()).rejects.toThrow("ended with 3");
  await findVictim(plan("exit 0"), null).kill();
});
