/**
 * What a thrown error means: a fault of Postgres by its SQLSTATE, of a connection by its code, of
 * Kafka by its name. One table, so that no caller guesses.
 * Codes: PostgreSQL documentation, appendix A.
 */

export type FaultKind =
  /** Try again soon: the connection broke, a lock or a statement took too long, Postgres restarts. */
  | "transient"
  /** Try again, slowly: no disk, no memory, no file descriptors. */
  | "exhausted"
  /** The statement took too long: try again with less. */
  | "too-slow"
  /** This data cannot be stored: find the request that it comes from. */
  | "data"
  /** Our mistake: stop the process. */
  | "bug";

const BY_CODE: Readonly<Record<string, FaultKind>> = {
  "57014": "too-slow",
  "57P01": "transient",
  "57P02": "transient",
  "57P03": "transient",
  "57P05": "transient",
  "53300": "transient",
  "40001": "transient",
  "40P01": "transient",
  "55P03": "transient",
  "25P03": "transient",
  "25006": "transient",
  "53100": "exhausted",
  "53200": "exhausted",
  EMFILE: "exhausted",
  ENFILE: "exhausted",
};

const BY_CLASS: Readonly<Record<string, FaultKind>> = {
  "08": "transient",
  "22": "data",
  "23": "data",
  "53": "exhausted",
  // A limit of Postgres itself: one request by itself may stay below it, or is what exceeds it.
  "54": "data",
  "58": "exhausted",
};

/** The code of a read that we refuse ourselves, because Postgres does not keep up. */
export const READ_REFUSED = "READ_REFUSED";

/** Errors of the connection, as Node and postgres.js name them. */
const CONNECTION_CODES = new Set([
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
  "ETIMEDOUT",
  READ_REFUSED,
]);

/** Whose fault it is, by who threw it: kafkajs, or the driver of Postgres. */
export function nameServer(error: unknown): "the broker" | "Postgres" {
  return error instanceof Error && error.name.startsWith("KafkaJS") ? "the broker" : "Postgres";
}

/** Classifies what a driver threw. What is not known is a bug, and bugs are not retried. */
export function classifyFault(error: unknown): FaultKind {
  if (!(error instanceof Error)) return "bug";
  if (error.name.startsWith("KafkaJS")) return "transient";
  if (!("code" in error)) return "bug";
  const code = String(error.code);
  if (CONNECTION_CODES.has(code)) return "transient";
  return BY_CODE[code] ?? BY_CLASS[code.slice(0, 2)] ?? "bug";
}
