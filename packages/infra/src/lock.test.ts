import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { acquireLock } from "./lock.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "seatline-lock-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("one holds it, the next one hears who", async () => {
  const first = await acquireLock(folder);
  expect(first.held).toBe(true);
  const me = { held: false, holder: { pid: process.pid } };
  expect(await acquireLock(folder)).toMatchObject(me);
  if (first.held) first.release();
  expect((await acquireLock(folder)).held).toBe(true);
});

test.each([
  ["a process that is gone", `${2 ** 22 + 1}-x`],
  ["a pid that belongs to another process now", "1-x"],
  ["nobody readable", "x"],
])("a claim of %s does not count", async (_, name) => {
  writeFileSync(join(folder, name), "held");
  expect((await acquireLock(folder)).held).toBe(true);
});

// The fault it has caught: a single file that is renamed away when its holder is dead.
test("of many that come at once after a crash, one gets it", async () => {
  writeFileSync(join(folder, "1-long-ago"), "held");
  const script = `
    import { acquireLock } from ${JSON.stringify(join(import.meta.dirname, "lock.ts"))};
    process.stdin.once("data", async () => {
      process.stdout.write((await acquireLock(${JSON.stringify(folder)})).held ? "held" : "free");
      process.stdin.once("data", () => process.exit());
    });
    process.stdout.write("ready ");
  `;
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ["--input-type=module", "-e", script]),
  );
  const words = children.map(() => "");
  children.forEach((child, index) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      words[index] += chunk;
    });
  });
  const say = async (isSaid: (word: string) => boolean): Promise<void> => {
    await expect.poll(() => words.every(isSaid), { timeout: 20_000 }).toBe(true);
  };
  await say((word) => word === "ready ");
  for (const child of children) child.stdin.write("go");
  await say((word) => word.length > "ready ".length);
  const gone = children.map((child) => once(child, "exit"));
  for (const child of children) child.stdin.write("end");
  await Promise.all(gone);
  expect(words.filter((word) => word.endsWith("held"))).toHaveLength(1);
  expect(readdirSync(folder)).toHaveLength(1);
}, 30_000);
