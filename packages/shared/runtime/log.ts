/** Structured logs: one JSON line per event. */
import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";

export type Log = Logger;
export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** A log for one process, on standard output unless told otherwise; `service` stands in every line. */
export function buildLog(service: string, level: LogLevel, to?: DestinationStream): Log {
  const options = {
    level,
    base: { service },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return to === undefined ? pino(options) : pino(options, to);
}
