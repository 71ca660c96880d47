/**
 * One of the two things we stand on, in the form that a test may hurt.
 */
export type InfraPart = {
  readonly name: "postgres" | "kafka";
  /** SIGKILL; it stays down until `revive`. A death that nobody ordered is restarted by itself. */
  kill(): Promise<void>;
  /** Starts it again and resolves when it answers; throws when it does not. */
  revive(): Promise<void>;
};

/** An embedded or contained server that was killed answers again within this time. */
export const REVIVE_TIMEOUT_MS = 60_000;
