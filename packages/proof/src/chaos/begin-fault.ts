/** Does to a running system what a fault says, and gives what ends it. */
import type { Infrastructure } from "@seatline/infra/infrastructure.ts";

import type { Fault, FaultKind } from "./chaos-plan.ts";
import type { RealSystem } from "../real/real-system.ts";
import { bringStrangers } from "./strangers.ts";

/** Resolves when all that was done is undone; whether the system works again is another question. */
type EndFault = () => Promise<void>;

const SLOW_MS = 300;
const BREAK_MS = 150;

/** What cannot be done to these servers. */
export function listImpossible({ parts }: Infrastructure): FaultKind[] {
  const broker = parts.find(({ name }) => name === "kafka");
  return (broker?.fillDisk ?? null) === null ? ["disk-full"] : [];
}

export async function beginFault(system: RealSystem, fault: Fault): Promise<EndFault> {
  switch (fault.kind) {
    case "killed":
    case "restarted": {
      const member = system.member(fault.member);
      await (fault.kind === "killed" ? member.kill() : member.stop());
      return now(() => {
        member.launch();
      });
    }
    case "frozen": {
      const { service } = system.member(fault.member);
      service.freeze();
      return now(() => {
        service.wake();
      });
    }
    case "server-killed": {
      const server = system.server(fault.server);
      await server.kill();
      return () => server.revive();
    }
    case "server-frozen": {
      const server = system.server(fault.server);
      await server.freeze();
      return () => server.wake();
    }
    case "disk-full": {
      const server = system.server(fault.server);
      await server.fillDisk?.();
      return () => server.revive();
    }
    case "cut":
    case "silent":
    case "slow":
    case "answers-lost":
    case "answers-broken":
      return beginConnectionFault(system, fault);
    case "rebalances":
      return bringStrangers(system.workerGroup).stop;
  }
}

type ConnectionFault = Extract<Fault, { readonly members: unknown }>;

function beginConnectionFault(system: RealSystem, fault: ConnectionFault): EndFault {
  const { kind, members, server } = fault;
  const proxies = members.map((name) => system.member(name).proxies[server]);
  let breaker: NodeJS.Timeout | undefined;
  const breakAnswers = (): void => {
    for (const proxy of proxies) proxy.breakNextAnswer();
  };
  for (const proxy of proxies) {
    if (kind === "cut") proxy.cut();
    if (kind === "silent") proxy.freeze();
    if (kind === "slow") proxy.slow(SLOW_MS);
    if (kind === "answers-lost") proxy.swallowAnswersTo("");
  }
  if (kind === "answers-broken") breaker = setInterval(breakAnswers, BREAK_MS);
  return now(() => {
    clearInterval(breaker);
    for (const proxy of proxies) proxy.mend();
  });
}

function now(end: () => void): EndFault {
  return () => {
    end();
    return Promise.resolve();
  };
}
