/** What can go wrong in a simulated run, at a moment or at a step. */
import type { Random } from "@seatline/shared/testing/random.ts";

import type { ServerName, StepFault } from "./network.ts";

export type Fault =
  /** At one of the questions that a process asks, counted over all its lives. */
  | {
      readonly kind: "step";
      readonly role: string;
      readonly step: number;
      readonly fault: StepFault;
    }
  /** Killed, and started again a while later. */
  | { readonly kind: "kill"; readonly role: string; readonly atMs: number }
  /** Told to end, as in a roll-out, and started again. */
  | { readonly kind: "stop"; readonly role: string; readonly atMs: number }
  | {
      readonly kind: "freeze";
      readonly role: string;
      readonly atMs: number;
      readonly forMs: number;
    }
  /** All connections between a process and a server break. */
  | {
      readonly kind: "cut";
      readonly role: string;
      readonly server: ServerName;
      readonly atMs: number;
    }
  | {
      readonly kind: "server-down" | "server-silent";
      readonly server: ServerName;
      readonly atMs: number;
      readonly forMs: number;
    }
  | { readonly kind: "rebalance" | "two-owners" | "rejoin" | "skip"; readonly atMs: number }
  | {
      readonly kind: "clock";
      /** Whose clock: a server's, or a process'. */
      readonly of: string;
      readonly atMs: number;
      readonly byMs: number;
    }
  /** A message that is no request, or stands where it does not belong. */
  | {
      readonly kind: "poison";
      readonly partition: number;
      readonly atMs: number;
      readonly text: string;
    }
  /** A message that stands in a line already is appended once more. */
  | { readonly kind: "repeat"; readonly partition: number; readonly atMs: number };

type Size = {
  readonly gateways: number;
  readonly workers: number;
  readonly expiryWorkers: number;
  readonly partitionCount: number;
};

const STEP_FAULTS: readonly StepFault[] = [
  "die-before",
  "die-when-sent",
  "die-when-done",
  "lose-question",
  "lose-answer",
  "late",
  "refuse-deadlock",
  "refuse-slow",
  "refuse-full",
];
const POISON = [
  "",
  "{",
  "null",
  '{"v":1}',
  '{"v":2,"kind":"book"}',
  '{"v":1,"kind":"confirm","requestId":"x","bookingId":"y","payment":null}',
];
const STEPS_MAX: Readonly<Record<string, number>> = { gateway: 120, worker: 120, expiry: 20 };

export function buildRandomFault(random: Random, size: Size, rushMs: number): Fault {
  const roles = [
    ...listRoles("worker", size.workers),
    ...listRoles("worker", size.workers),
    ...listRoles("gateway", size.gateways),
    ...listRoles("expiry", size.expiryWorkers),
  ];
  const role = random.pick(roles);
  const atMs = random.int(0, rushMs);
  const server = random.pick(["postgres", "broker"] as const);
  const partition = random.int(0, size.partitionCount - 1);
  return random.pick<() => Fault>([
    () => stepFault(random, role),
    () => stepFault(random, role),
    () => stepFault(random, role),
    () => stepFault(random, role),
    () => ({ kind: "kill", role, atMs }),
    () => ({ kind: "stop", role, atMs }),
    () => ({ kind: "freeze", role, atMs, forMs: random.pick([300, 2_500, 8_000]) }),
    () => ({ kind: "cut", role, server, atMs }),
    () => ({ kind: "server-down", server, atMs, forMs: random.pick([100, 1_000, 4_000]) }),
    () => ({ kind: "server-silent", server, atMs, forMs: random.pick([100, 1_000, 7_000]) }),
    () => ({ kind: random.pick(["rebalance", "two-owners"] as const), atMs }),
    () => ({ kind: random.pick(["rejoin", "skip"] as const), atMs }),
    () => ({
      kind: "clock",
      of: random.pick(["postgres", "broker", role]),
      atMs,
      byMs: random.pick([-5_000, -300, 300, 5_000]),
    }),
    () => ({ kind: "poison", partition, atMs, text: random.pick(POISON) }),
    () => ({ kind: "repeat", partition, atMs }),
  ])();
}

function stepFault(random: Random, role: string): Fault {
  const [kind = ""] = role.split("-");
  const step = random.int(1, STEPS_MAX[kind] ?? 1);
  return { kind: "step", role, step, fault: random.pick(STEP_FAULTS) };
}

function listRoles(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${index}`);
}
