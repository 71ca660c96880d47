/** One simulated run: the rush with its faults, then peace, then what is to be checked of it. */
import type { History } from "../history/history.ts";
import { Clients } from "./clients.ts";
import { scheduleFaults } from "./schedule-faults.ts";
import type { Plan } from "./plan.ts";
import { SWEEP_MS, System } from "./system.ts";
import { World } from "./world.ts";

/** Everything must be decided, published and known again so soon after the last fault is mended. */
const RECOVERY_MAX_MS = 60_000;
/** The rush with all its faults, and what follows from them. */
const RUSH_MAX_MS = 240_000;
/** A sweep, its way through the line, and what a clock may have jumped. */
const LAPSE_MAX_MS = SWEEP_MS + 1_500;
const LOOK_MS = 20;

type Run = {
  readonly history: History;
  readonly requests: number;
  readonly events: number;
  /** By name, what really happened of what should go wrong. */
  readonly injected: ReadonlyMap<string, number>;
  readonly gaveUp: readonly string[];
};

/** Plays a plan out. Throws what a process of the system must never throw. */
export async function simulate(plan: Plan, trace?: (line: string) => void): Promise<Run> {
  const world = new World(plan.seed);
  if (trace !== undefined) world.traceTo(trace);
  const system = new System(world, plan);
  const clients = new Clients(world, system, plan);
  const faults = scheduleFaults(world, system, plan);
  system.start();
  clients.start();
  const isOver = await world.runUntil(() => clients.busy === 0 && faults.areOver(), RUSH_MAX_MS);
  if (!isOver) throw new Error(`${clients.busy} errands have no end`);
  await settleDown(world, system);
  // A sweep that dies now would have less time for what is due than it was given.
  system.network.endFaults();
  await world.runUntil(() => false, LAPSE_MAX_MS);
  await settleDown(world, system);
  const rest = {
    atMs: world.nowMs,
    nextOffsets: system.tables.partitions.map(({ nextOffset }) => nextOffset),
  };
  let isDone = false;
  void clients.lookAtAll().then(() => (isDone = true));
  await world.runUntil(() => isDone, RECOVERY_MAX_MS);
  // A sweep may have asked for something meanwhile.
  await settleDown(world, system);
  const requests = system.log.all(system.topics.requests);
  return {
    history: { ...buildHistory(system, clients), rest, bounds: plan.bounds },
    requests: requests.length,
    events: world.events,
    injected: new Map([...faults.injected, ...system.network.injected]),
    gaveUp: system.gaveUp,
  };
}

/** Waits until everything in the lines is decided and published, and every gateway knows it. */
async function settleDown(world: World, system: System): Promise<void> {
  let nextLookMs = 0;
  const isQuiet = () => {
    if (world.nowMs < nextLookMs) return false;
    nextLookMs = world.nowMs + LOOK_MS;
    return system.isQuiet();
  };
  if (await world.runUntil(isQuiet, RECOVERY_MAX_MS)) return;
  throw new Error(`the system does not come to rest: ${system.describe()}`);
}

function buildHistory(system: System, { calls }: Clients): Omit<History, "rest" | "bounds"> {
  const { log, topics, tables } = system;
  // A hold ends when both have passed its time: one clock finds it, by the other it is judged.
  const clockMs = Math.min(system.clockOf("postgres"), system.clockOf("broker"));
  return {
    calls: calls.toSorted((a, b) => a.askedAt - b.askedAt),
    topics: {
      requests: log.all(topics.requests),
      outcomes: log.all(topics.outcomes),
      events: log.all(topics.events),
    },
    tables: {
      partitions: tables.partitions.map((row, partition) => ({ ...row, partition, clockMs })),
      shows: [...tables.shows.values()],
      bookings: [...tables.bookings.values()],
      seats: [...tables.seats].flatMap(([showId, seats]) =>
        [...seats].map(([seat, bookingId]) => ({ showId, seat, bookingId })),
      ),
      sections: [...tables.sections.values()],
      customers: [...tables.customers.values()],
      records: tables.records.flatMap((records, partition) =>
        records.map(({ first, next, body, tail }) => ({ partition, first, next, body, tail })),
      ),
      deadLetters: [...tables.deadLetters.values()],
    },
    lapseMaxMs: LAPSE_MAX_MS,
  };
}
