/** What every way of running Postgres and Kafka comes to: two addresses, and an end. */

/** One of the two things we stand on, in the form that a test may hurt. */
export type InfraPart = {
  readonly name: "postgres" | "kafka";
  /** SIGKILL; it stays down until `revive`. A death that nobody ordered is restarted by itself. */
  kill(): Promise<void>;
  /** Starts it again and resolves when it answers; throws when it does not. */
  revive(): Promise<void>;
  /** It stands still with its connections open, until `wake`. */
  freeze(): Promise<void>;
  wake(): Promise<void>;
  /**
   * Nothing that it writes is kept any more, as on a full disk, and it ends of that; it stays down until
   * `revive`, which gives it room again. Null where that cannot be had.
   */
  readonly fillDisk: (() => Promise<void>) | null;
};

export type RunningInfra = {
  readonly databaseUrl: string;
  readonly kafkaBrokers: readonly string[];
  /** What can be killed and revived; nothing when it is not ours. */
  readonly parts: readonly InfraPart[];
  close(): Promise<void>;
};

export const DATABASE_USER = "seatline";
export const DATABASE_NAME = "seatline";
/** A server that was started, or revived, answers within this time. */
export const READY_TIMEOUT_MS = 60_000;

/** The database of a Postgres of ours on this machine. */
export function buildDatabaseUrl(port: number, password: string): string {
  return `postgres://${DATABASE_USER}:${password}@127.0.0.1:${port}/${DATABASE_NAME}`;
}
