/** What the simulated broker is made of: every process sees the same. */
import type { Groups } from "./groups.ts";
import type { Network, Server } from "./network.ts";
import type { TopicLog } from "./topic-log.ts";
import type { World } from "./world.ts";

export type BrokerParts = {
  readonly world: World;
  readonly network: Network;
  readonly server: Server;
  readonly log: TopicLog;
  readonly groups: Groups;
  /** Everybody who reads: what a broker that comes back finds again. */
  readonly readers: Set<{ readonly rejoin: () => void; readonly skip?: () => void }>;
};
