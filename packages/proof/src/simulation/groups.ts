/**
 * The consumer groups of the simulated broker: who is a member, and who has which partition. As in Kafka, a member
 * that died is noticed only when its session is over, and one that was frozen does not know what it has lost.
 */
import type { Life } from "./life.ts";
import type { World } from "./world.ts";

export type Member = {
  readonly life: Life;
  readonly sessionTimeoutMs: number;
  /** The partitions that are its own now. */
  readonly assign: (partitions: readonly number[]) => void;
};

type Group = { members: Member[]; readonly committed: Map<number, number>; isTurning: boolean };

const REBALANCE_MS = 20;

export class Groups {
  readonly #world: World;
  readonly #partitionCount: number;
  readonly #groups = new Map<string, Group>();
  readonly #seenAt = new Map<Member, number>();
  /** The deal that each member has heard of last: an older one tells it nothing. */
  readonly #heard = new Map<Member, number>();
  /** While the broker is away no session ends. */
  isAway = false;
  rebalances = 0;

  constructor(world: World, partitionCount: number) {
    this.#world = world;
    this.#partitionCount = partitionCount;
  }

  join(groupId: string, member: Member): void {
    const group = this.#group(groupId);
    if (!group.members.includes(member)) group.members.push(member);
    this.#see(groupId, member);
    this.rebalance(groupId);
  }

  leave(groupId: string, member: Member): void {
    const group = this.#group(groupId);
    if (!group.members.includes(member)) return;
    group.members = group.members.filter((it) => it !== member);
    this.rebalance(groupId);
  }

  /** A sign of life. False if it is not a member any more: it must join again. */
  beat(groupId: string, member: Member): boolean {
    if (!this.#group(groupId).members.includes(member)) return false;
    this.#see(groupId, member);
    return true;
  }

  commit(groupId: string, partition: number, offset: number): void {
    this.#group(groupId).committed.set(partition, offset);
  }

  /** Where a new owner of a partition begins to read. */
  committed(groupId: string, partition: number): number {
    return this.#group(groupId).committed.get(partition) ?? 0;
  }

  /** Deals the partitions out anew. Each member hears of it at another moment. */
  rebalance(groupId: string): void {
    const group = this.#group(groupId);
    if (group.isTurning) return;
    group.isTurning = true;
    this.#world.schedule(REBALANCE_MS, null, () => {
      group.isTurning = false;
      this.#deal(group, () => false);
    });
  }

  /** A moment of confusion: some members believe that they own everything. */
  confuse(groupId: string): void {
    this.#deal(this.#group(groupId), () => this.#world.random.chance(0.7));
  }

  #deal({ members }: Group, ownsAll: () => boolean): void {
    this.rebalances += 1;
    const deal = this.rebalances;
    const partitions = Array.from({ length: this.#partitionCount }, (_, partition) => partition);
    const shift = this.#world.random.int(0, Math.max(0, members.length - 1));
    for (const [index, member] of members.entries()) {
      const turn = (index + shift) % members.length;
      const own = partitions.filter((partition) => partition % members.length === turn);
      const assigned = ownsAll() ? partitions : own;
      this.#world.schedule(this.#world.delay(), member.life, () => {
        if ((this.#heard.get(member) ?? 0) > deal) return;
        this.#heard.set(member, deal);
        member.assign(assigned);
      });
    }
  }

  #see(groupId: string, member: Member): void {
    const at = this.#world.nowMs;
    this.#seenAt.set(member, at);
    this.#world.schedule(member.sessionTimeoutMs, null, () => {
      if (this.#seenAt.get(member) !== at) return;
      if (this.isAway) this.#see(groupId, member);
      else this.leave(groupId, member);
    });
  }

  #group(groupId: string): Group {
    const known = this.#groups.get(groupId);
    if (known !== undefined) return known;
    const group: Group = { members: [], committed: new Map(), isTurning: false };
    this.#groups.set(groupId, group);
    return group;
  }
}
