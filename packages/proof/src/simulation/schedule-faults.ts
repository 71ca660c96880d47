/** Lets the faults of a plan happen, each at its moment, and mends what lasts. */
import { unreachable } from "@seatline/shared/core/assert.ts";

import type { Plan } from "./plan.ts";
import type { Fault } from "./random-faults.ts";
import type { System } from "./system.ts";
import type { World } from "./world.ts";

type Scheduled = {
  /** Whether all have begun and ended. */
  readonly areOver: () => boolean;
  /** How often each kind really happened. */
  readonly injected: ReadonlyMap<string, number>;
};

export function scheduleFaults(world: World, system: System, { faults }: Plan): Scheduled {
  const injected = new Map<string, number>();
  let open = 0;
  const note = (kind: string) => injected.set(kind, (injected.get(kind) ?? 0) + 1);
  for (const fault of faults) {
    // Those of steps happen where the network meets them.
    if (fault.kind === "step") continue;
    open += 1;
    world.schedule(fault.atMs, null, () => {
      world.tell(() => `fault: ${JSON.stringify(fault)}`);
      const mend = inject(world, system, fault);
      note(fault.kind);
      if (mend === null) open -= 1;
      else {
        world.schedule(mend.afterMs, null, () => {
          mend.work();
          open -= 1;
        });
      }
    });
  }
  return { areOver: () => open === 0, injected };
}

type Mending = { readonly afterMs: number; readonly work: () => void };

/** Does it; what it returns ends it. */
function inject(
  world: World,
  system: System,
  fault: Exclude<Fault, { kind: "step" }>,
): Mending | null {
  switch (fault.kind) {
    case "kill": {
      const life = system.lifeOf(fault.role);
      if (life !== undefined) system.kill(life);
      return null;
    }
    case "stop":
      system.stop(fault.role);
      return null;
    case "freeze": {
      const life = system.lifeOf(fault.role);
      if (life === undefined) return null;
      life.freeze();
      const thaw = () => {
        world.thaw(life);
      };
      return { afterMs: fault.forMs, work: thaw };
    }
    case "cut": {
      const life = system.lifeOf(fault.role);
      if (life !== undefined) system.network.cut(life, system.servers[fault.server]);
      return null;
    }
    case "server-down":
    case "server-silent": {
      const { server, forMs } = fault;
      system.setServer(server, fault.kind === "server-down" ? "down" : "silent");
      const mend = () => {
        system.setServer(server, "up");
      };
      return { afterMs: forMs, work: mend };
    }
    case "rebalance":
      system.rebalance();
      return null;
    case "two-owners":
      system.confuse();
      return null;
    case "skip":
      system.skipAll();
      return null;
    case "rejoin":
      system.rejoinAll();
      return null;
    case "clock":
      system.shiftClock(fault.of, fault.byMs);
      return null;
    case "poison": {
      const { partition, text } = fault;
      system.log.append(system.topics.requests, partition, {
        key: null,
        value: Buffer.from(text),
      });
      return null;
    }
    case "repeat":
      repeatMessage(world, system, fault.partition);
      return null;
    default:
      return unreachable(fault);
  }
}

/** Whoever sent it heard nothing, and sent it again. */
function repeatMessage(world: World, { log, topics }: System, partition: number): void {
  const messages = log.read(topics.requests, partition, 0);
  if (messages.length === 0) return;
  const { key, value } = world.random.pick(messages);
  log.append(topics.requests, partition, { key, value });
}
