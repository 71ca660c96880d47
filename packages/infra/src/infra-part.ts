/**
 * One of the two things we stand on, in the form that others may watch and hurt: the supervisor
 * writes them into the state file, and tests kill and revive them.
 */
import type { ProcessIdentity } from "./process-identity.ts";

export type InfraPart = {
  readonly name: "postgres" | "kafka";
  readonly port: number;
  /** The container's name, or null for a process. */
  readonly container: string | null;
  /** The process at this moment; undefined for a container, and while it is down. */
  identity(): ProcessIdentity | undefined;
  /** SIGKILL; it stays down until `revive`. A death that nobody ordered is restarted by itself. */
  kill(): Promise<void>;
  /** Starts it again and resolves when it answers; throws when it does not. */
  revive(): Promise<void>;
};

/** An embedded or contained server that was killed answers again within this time. */
export const reviveTimeoutMs = 60_000;
