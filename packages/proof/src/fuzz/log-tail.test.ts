/** A log that is read while it grows, and while its file changes. Planted fault: what follows a change not read. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

import { LogTail } from "./log-tail.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "seatline-tail-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("gives each whole line once, over a change of files", () => {
  const path = join(folder, "service.log");
  writeFileSync(`${path}.1`, "older\n");
  writeFileSync(path, "before\n");
  const tail = new LogTail(path);
  expect(tail.readLines()).toEqual([]);
  appendFileSync(path, "one\ntw");
  expect(tail.readLines()).toEqual(["one"]);
  appendFileSync(path, "o\nthree\n");
  renameSync(path, `${path}.1`);
  writeFileSync(path, "four\n");
  expect(tail.readLines()).toEqual(["two", "three", "four"]);
  appendFileSync(path, "five\n");
  expect(tail.readLines()).toEqual(["five"]);
});
