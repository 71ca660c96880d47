/** Makes the request for a target, with ids of what exists. */
import type { Random } from "@seatline/shared/testing/random.ts";

import type { Operation } from "./api.ts";
import { buildValue } from "./build-value.ts";
import type { Chance } from "./build-value.ts";
import type { HttpCase } from "./http-case.ts";
import type { Junk } from "./junk.ts";
import { encodeBody, mutate } from "./mutations.ts";
import { encodeTarget } from "./plan.ts";
import type { Target } from "./plan.ts";
import type { World } from "./world.ts";

type Parts = {
  readonly index: number;
  readonly random: Random;
  readonly junk: Junk;
  readonly world: World;
};

const REASONS = ["seats-taken", "internal", "not-found", "unknown-reason"];
/** What the routes are asked without being told otherwise. */
const PREFERS = ["wait=0", "wait=1", "wait=5", "wait=20"];
const PREFER_SHARE = 0.4;
const TAG_SHARE = 0.4;
const KEY_SHARE = 0.15;
const CSV_SHARE = 0.2;
const NO_BODY_SHARE = 0.3;

export function buildCase(target: Exclude<Target, { kind: "raw" }>, parts: Parts): HttpCase {
  const { index, random, junk, world } = parts;
  const { operation } = target;
  const chance: Chance = { random, junk };
  const text = operation.body === null ? null : buildBody(target, chance, world);
  const place = buildTarget(operation, { chance, world });
  const fine = {
    method: operation.method,
    target: place,
    headers: buildHeaders(operation, { chance, world, target: place, hasBody: text !== null }),
    body: text,
  };
  const label = encodeTarget(target);
  if (target.kind !== "wire") {
    return {
      ...fine,
      index,
      operation,
      label,
      isAltered: false,
      mustRefuse: !isTaken(operation, text),
    };
  }
  const changed = { ...fine, ...target.mutation.change(fine, chance, world) };
  return {
    ...changed,
    index,
    operation,
    label,
    isAltered: isElsewhere(operation, changed),
    mustRefuse: false,
  };
}

/** Whether it may not be this operation any more that answers. */
function isElsewhere(
  operation: Operation,
  { method, target }: Pick<HttpCase, "method" | "target">,
): boolean {
  const form = operation.path.replaceAll(/\{\w+\}/g, "[\\w-]{1,200}");
  return method !== operation.method || !new RegExp(`^${form}(?:\\?|$)`).test(target);
}

function isTaken(operation: Operation, text: string | null): boolean {
  try {
    return operation.takesBody(text === null || text === "" ? null : (JSON.parse(text) as unknown));
  } catch {
    return false;
  }
}

function buildBody(
  target: Exclude<Target, { kind: "raw" }>,
  chance: Chance,
  world: World,
): string | null {
  const { operation } = target;
  const schema = operation.body ?? {};
  const way = target.kind === "member" ? target.way : [];
  const value = buildValue(schema, way, chance);
  if (target.kind !== "member") {
    const isLeftOut = value === null && chance.random.chance(NO_BODY_SHARE);
    return isLeftOut
      ? null
      : encodeBody(world.fitBody(operation, value, { way, random: chance.random }));
  }
  const fitted = world.fitBody(operation, value, { way, random: chance.random });
  return encodeBody(mutate(fitted, way, { change: target.mutation.change, chance }));
}

function buildTarget(
  { path, parameters }: Operation,
  { chance, world }: { readonly chance: Chance; readonly world: World },
): string {
  const { random } = chance;
  const booking = world.booking(random);
  const show = world.show(random);
  const isShows = path.includes("/shows/");
  const id = isShows ? (random.chance(0.1) ? String(show.number) : show.id) : booking.id;
  const filled = path.replace("{id}", id).replace("{reason}", random.pick(REASONS));
  const known: Readonly<Record<string, string>> = {
    showId: show.id,
    limit: String(random.int(1, 50)),
    after: path === "/v1/shows" ? String(random.int(0, 50)) : booking.id,
    place: booking.place ?? "0-0",
  };
  const query = parameters
    .filter((parameter) => parameter.in === "query" && random.chance(0.3))
    .map(({ name, schema }) => {
      const value = known[name] ?? String(buildValue(schema, [], chance));
      return `${name}=${encodeURIComponent(value)}`;
    });
  return query.length === 0 ? filled : `${filled}?${query.join("&")}`;
}

function buildHeaders(
  { name, parameters }: Operation,
  {
    chance,
    world,
    target,
    hasBody,
  }: {
    readonly chance: Chance;
    readonly world: World;
    readonly target: string;
    readonly hasBody: boolean;
  },
): Record<string, string> {
  const { random } = chance;
  const takes = (header: string) =>
    parameters.some((it) => it.in === "header" && it.name === header);
  return {
    ...(hasBody ? { "content-type": "application/json" } : {}),
    ...(takes("prefer") && random.chance(PREFER_SHARE) ? { prefer: random.pick(PREFERS) } : {}),
    ...(takes("if-none-match") && random.chance(TAG_SHARE)
      ? { "if-none-match": world.tag(random, target) }
      : {}),
    ...(takes("idempotency-key") && random.chance(KEY_SHARE)
      ? { "idempotency-key": world.key(random) }
      : {}),
    ...(name === "GET /v1/bookings" && random.chance(CSV_SHARE) ? { accept: "text/csv" } : {}),
  };
}
