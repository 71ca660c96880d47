/**
 * What is to be tried: of every operation every member with every mutation, every oddity of a request, and
 * requests that are fine, in an order in which no member waits for another's last mutation.
 */
import { buildRandom } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import type { Operation } from "./api.ts";
import { listMutations } from "./mutations.ts";
import { listRawKinds } from "./raw-requests.ts";
import { encodeWay, listNodes } from "./schema.ts";
import type { Way } from "./schema.ts";
import { listWireMutations } from "./wire-mutations.ts";

export type Target =
  | { readonly kind: "fine"; readonly operation: Operation }
  | {
      readonly kind: "member";
      readonly operation: Operation;
      readonly way: Way;
      readonly mutation: ReturnType<typeof listMutations>[number];
    }
  | {
      readonly kind: "wire";
      readonly operation: Operation;
      readonly mutation: ReturnType<typeof listWireMutations>[number];
    }
  | { readonly kind: "raw"; readonly name: string };

/** How often a request that is fine goes to whom; 1 for all that are not named. */
const SHARES: Readonly<Record<string, number>> = {
  "POST /v1/bookings": 40,
  "GET /v1/bookings/{id}": 20,
  "POST /v1/bookings/{id}/confirm": 12,
  "POST /v1/bookings/{id}/cancel": 10,
  "POST /v1/bookings/{id}/extend": 6,
  "POST /v1/shows": 5,
  "PATCH /v1/shows/{id}": 5,
  "GET /v1/shows/{id}/seats": 5,
  "GET /v1/shows/{id}/layout": 3,
  "POST /shows/{id}/book": 3,
  "POST /bookings": 3,
};
/** Answers that are as long as the system is old: tried in full once, and then now and then. */
const HEAVY = [
  "GET /bookings",
  "GET /shows",
  "GET /v1/bookings",
  "GET /v1/shows/{id}/decisions",
  "POST /v1/admin/expiry-runs",
  "POST /admin/run-expiry",
];
const HEAVY_SHARE = 0.02;
/** One of so many requests is fine. */
const FINE_EVERY = 3;
/** A bare socket costs a connection, and sometimes a time-out. */
const RAW_SHARE = 0.2;

export class Plan {
  readonly targets: readonly Target[];
  readonly #fine: readonly Operation[];
  readonly #seed: number;

  constructor(operations: readonly Operation[], seed: number) {
    const random = buildRandom(seed);
    const raw = listRawKinds().map((name): Target => ({ kind: "raw", name }));
    const members = operations.flatMap((operation) => [...listOfBody(operation)]);
    const wires = operations.map(listOfWire);
    this.targets = interleave([...members, ...wires, raw].map((list) => shuffle(list, random)));
    this.#fine = operations.flatMap((operation) =>
      Array.from({ length: SHARES[operation.name] ?? 1 }, () => operation),
    );
    this.#seed = seed;
  }

  /** The chance of one request: the same for the same seed and index. */
  randomOf(index: number): Random {
    return buildRandom((this.#seed ^ Math.imul(index + 1, 0x9e37_79b1)) >>> 0);
  }

  targetOf(index: number, random: Random): Target {
    const fine = (): Target => ({ kind: "fine", operation: this.#pickFine(random) });
    if (index % FINE_EVERY === 0) return fine();
    const turn = index - Math.ceil(index / FINE_EVERY);
    const target = this.targets[turn % this.targets.length];
    if (target === undefined) return fine();
    const isFirst = turn < this.targets.length;
    const share = target.kind === "raw" ? RAW_SHARE : isHeavy(target.operation) ? HEAVY_SHARE : 1;
    return isFirst || random.chance(share) ? target : fine();
  }

  #pickFine(random: Random): Operation {
    const operation = random.pick(this.#fine);
    return isHeavy(operation) && !random.chance(HEAVY_SHARE * 5)
      ? this.#pickFine(random)
      : operation;
  }
}

/** `POST /v1/shows body /capacity: maximum + 1`: what a report counts. */
export function encodeTarget(target: Target): string {
  switch (target.kind) {
    case "fine":
      return `${target.operation.name} as it should be`;
    case "member":
      return `${target.operation.name} body ${encodeWay(target.way)}: ${target.mutation.name}`;
    case "wire":
      return `${target.operation.name} ${target.mutation.name}`;
    case "raw":
      return `bare socket: ${target.name}`;
  }
}

function isHeavy({ name }: Operation): boolean {
  return HEAVY.includes(name);
}

function* listOfBody(operation: Operation): Generator<Target[]> {
  if (operation.body === null) return;
  for (const { way, schema } of listNodes(operation.body)) {
    yield listMutations(schema, way).map((mutation) => ({
      kind: "member",
      operation,
      way,
      mutation,
    }));
  }
}

function listOfWire(operation: Operation): Target[] {
  const query = operation.parameters.filter((it) => it.in === "query").map(({ name }) => name);
  const hasId = operation.parameters.some((it) => it.in === "path");
  const mutations = listWireMutations({ hasId, hasBody: operation.body !== null, query });
  return mutations.map((mutation) => ({ kind: "wire", operation, mutation }));
}

/** One of each list, then the next of each, and so on. */
function interleave(lists: readonly (readonly Target[])[]): Target[] {
  const longest = lists.reduce((most, { length }) => Math.max(most, length), 0);
  return Array.from({ length: longest }, (_, turn) =>
    lists.flatMap((list) => list.slice(turn, turn + 1)),
  ).flat();
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, rank: random.int(0, 2 ** 30) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
