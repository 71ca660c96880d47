/**
 * What goes wrong in a run of chaos, and when: everything follows from a seed. A run has some episodes; in each, a
 * few faults begin within a short time, overlap, and end; then the system is left alone until it works again.
 */
import { buildRandom } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import { MEMBERS, SERVERS } from "../real/parts.ts";
import type { MemberName, ServerName } from "../real/parts.ts";

export type Fault = {
  /** After the beginning of its episode, in milliseconds. */
  readonly atMs: number;
  readonly lastsMs: number;
} & (
  | { readonly kind: "killed" | "frozen" | "restarted"; readonly member: MemberName }
  | { readonly kind: "server-killed" | "server-frozen"; readonly server: ServerName }
  | { readonly kind: "disk-full"; readonly server: "kafka" }
  | {
      readonly kind: "cut" | "silent" | "slow" | "answers-lost" | "answers-broken";
      /** Whose connections to which server. */
      readonly members: readonly MemberName[];
      readonly server: ServerName;
    }
  /** Strangers join the group of the workers and leave it. */
  | { readonly kind: "rebalances" }
);
export type FaultKind = Fault["kind"];
/** Episode by episode, what goes wrong. */
export type ChaosPlan = readonly (readonly Fault[])[];

const FAULTS_PER_EPISODE = [1, 3] as const;
const BEGIN_MAX_MS = 2_500;
/** How long each lasts at most: beyond the time-outs that it is meant to reach. */
const LASTS_MAX_MS: Readonly<Record<FaultKind, number>> = {
  killed: 5_000,
  frozen: 8_000,
  restarted: 0,
  "server-killed": 4_000,
  "server-frozen": 6_000,
  "disk-full": 3_000,
  cut: 4_000,
  silent: 8_000,
  slow: 6_000,
  "answers-lost": 5_000,
  "answers-broken": 4_000,
  rebalances: 8_000,
};
const KINDS = Object.keys(LASTS_MAX_MS) as FaultKind[];
/** Twice in the deck: what everybody stands on hurts more than one of several processes. */
const SERVER_KINDS: readonly FaultKind[] = ["server-killed", "server-frozen"];

/** Which kinds cannot be had where the run takes place is `without`. */
export function buildChaosPlan(
  seed: number,
  options: { readonly episodes: number; readonly without: readonly FaultKind[] },
): ChaosPlan {
  const random = buildRandom(seed);
  const deck = new Deck(
    random,
    KINDS.filter((kind) => !options.without.includes(kind)),
  );
  return Array.from({ length: options.episodes }, () => {
    const count = random.int(...FAULTS_PER_EPISODE);
    const kinds = Array.from({ length: count }, () => deck.draw());
    return dropClashes(kinds.map((kind) => buildFault(random, kind)));
  });
}

function buildFault(random: Random, kind: FaultKind): Fault {
  const atMs = random.int(0, BEGIN_MAX_MS);
  const longest = LASTS_MAX_MS[kind];
  const lastsMs = random.int(Math.floor(longest / 4), longest);
  const time = { atMs, lastsMs };
  const server = random.pick(SERVERS);
  switch (kind) {
    case "killed":
    case "frozen":
    case "restarted":
      return { kind, member: random.pick(MEMBERS), ...time };
    case "server-killed":
    case "server-frozen":
      return { kind, server, ...time };
    case "disk-full":
      return { kind, server: "kafka", ...time };
    case "cut":
    case "silent":
    case "slow":
    case "answers-lost":
    case "answers-broken": {
      const members = random.chance(0.3) ? MEMBERS : [random.pick(MEMBERS)];
      return { kind, members, server, ...time };
    }
    case "rebalances":
      return { kind, ...time };
  }
}

/** A thing that is dead already cannot be hurt: of two faults of one victim, the first happens. */
function dropClashes(faults: readonly Fault[]): readonly Fault[] {
  const taken = new Set<string>();
  return faults.filter((fault) => {
    const victims = listVictims(fault);
    const isFree = victims.every((victim) => !taken.has(victim));
    if (isFree) for (const victim of victims) taken.add(victim);
    return isFree;
  });
}

function listVictims(fault: Fault): readonly string[] {
  switch (fault.kind) {
    case "killed":
    case "frozen":
    case "restarted":
      return [fault.member];
    case "server-killed":
    case "server-frozen":
    case "disk-full":
      return [fault.server];
    case "cut":
    case "silent":
    case "slow":
    case "answers-lost":
    case "answers-broken":
      return fault.members.map((member) => `${member} to ${fault.server}`);
    case "rebalances":
      return [fault.kind];
  }
}

/** What is done to whom, in a few words. */
export function describeFault(fault: Fault): string {
  const forMs = fault.lastsMs === 0 ? "" : ` for ${(fault.lastsMs / 1_000).toFixed(1)} s`;
  switch (fault.kind) {
    case "killed":
    case "frozen":
    case "restarted":
      return `${fault.member} ${fault.kind}${forMs}`;
    case "server-killed":
      return `${fault.server} killed${forMs}`;
    case "server-frozen":
      return `${fault.server} frozen${forMs}`;
    case "disk-full":
      return `the disk of ${fault.server} full${forMs}`;
    case "cut":
    case "silent":
    case "slow":
    case "answers-lost":
    case "answers-broken": {
      const [first = "", ...others] = fault.members;
      const who = others.length === 0 ? first : "everybody";
      return `${who} to ${fault.server}: ${fault.kind}${forMs}`;
    }
    case "rebalances":
      return `strangers in the group of the workers${forMs}`;
  }
}

/** Hands out all kinds before it hands out one again. */
class Deck {
  readonly #random: Random;
  readonly #kinds: readonly FaultKind[];
  #left: FaultKind[] = [];

  constructor(random: Random, kinds: readonly FaultKind[]) {
    this.#random = random;
    this.#kinds = [...kinds, ...kinds.filter((kind) => SERVER_KINDS.includes(kind))];
  }

  draw(): FaultKind {
    if (this.#left.length === 0) this.#left = [...this.#kinds];
    const kind = this.#random.pick(this.#left);
    this.#left.splice(this.#left.indexOf(kind), 1);
    return kind;
  }
}
