/** A log whose lines a test can read. */
import { Writable } from "node:stream";

import { pino } from "pino";

import type { Log } from "../runtime/log.ts";

export type LogLine = { readonly level: string; readonly msg: string } & Readonly<
  Record<string, unknown>
>;

/** The log, and what was written to it so far. */
export function buildReadableLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(parseLogLine(chunk.toString("utf8")));
      done();
    },
  });
  const log = pino({ level: "debug", formatters: { level: (level) => ({ level }) } }, stream);
  return { log, lines };
}

export function parseLogLine(text: string): LogLine {
  return JSON.parse(text) as LogLine;
}
