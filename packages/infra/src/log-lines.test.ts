import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLog } from "@seatline/shared/runtime/log.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";
import { expect, test } from "vitest";
import { LogFile } from "./log-file.ts";
import {
  createLineSplitter,
  showKafkaLine,
  showPostgresLine,
  showServiceLine,
} from "./log-lines.ts";

/** A line as our services write it, made by their own log. */
function logLine(write: (log: Log) => void): string {
  const lines: string[] = [];
  write(buildLog("service", "info", { write: (line) => lines.push(line) }));
  return lines.join("");
}

test.each([
  [logLine((log) => log.info("started")), undefined],
  [logLine((log) => log.warn("slow")), "warn: slow"],
  [logLine((log) => log.error({ err: new Error("refused") }, "lost")), "error: lost (refused)"],
  [`{"level":`, undefined],
  ["not JSON", undefined],
])("of a service's output %s the terminal shows %s", (line, shown) => {
  expect(showServiceLine(line, "stdout")).toBe(shown);
});

test("what a service prints on stderr is shown as it is", () => {
  expect(showServiceLine("PORT must be set", "stderr")).toBe("PORT must be set");
});

test("servers show only what they die of", () => {
  expect(showKafkaLine("12:00 ERROR Disconnecting from node 1", "stdout")).toBeUndefined();
  expect(showKafkaLine("12:00 ERROR Exiting Kafka due to fatal exception", "stdout")).toBeDefined();
  expect(showPostgresLine("[1] ERROR:  duplicate key", "stderr")).toBeUndefined();
  expect(showPostgresLine("[1] PANIC:  could not write", "stderr")).toBeDefined();
});

test("lines are whole however the chunks fall", () => {
  const lines: string[] = [];
  const onChunk = createLineSplitter((line) => lines.push(line));
  for (const chunk of ["on", "e\ntw", "o\n", "\nthr"]) onChunk(chunk);
  expect(lines).toEqual(["one", "two"]);
});

test("a log file never takes more than twice its limit", () => {
  const folder = mkdtempSync(join(tmpdir(), "seatline-log-"));
  const file = new LogFile(join(folder, "service.log"), 100);
  for (let index = 0; index < 100; index++) file.write(`line ${index}\n`);
  file.close();
  expect(readFileSync(file.path, "utf8")).toContain("line 99");
  expect(statSync(file.path).size).toBeLessThan(120);
  expect(statSync(`${file.path}.1`).size).toBeLessThan(120);
  rmSync(folder, { recursive: true });
});
