/** Structured logs: one JSON line per event on standard output, ids shortened by whoever logs them. */
import { pino } from "pino";
import type { Logger } from "pino";

export type Log = Logger;
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** A log for one process; `service` stands in every line. */
export function buildLog(service: string, level: LogLevel): Log {
  return pino({
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
  });
}
