/** Values that a schema takes, with the members in them that are to be looked at. */
import type { Random } from "@seatline/shared/testing/random.ts";

import type { Junk } from "./junk.ts";
import { ITEM, isBranch } from "./schema.ts";
import type { Schema, Way } from "./schema.ts";

export type Chance = { readonly random: Random; readonly junk: Junk };

const OPTIONAL_SHARE = 0.25;
const ITEMS_USUAL_MAX = 4;
const WHOLE_USUAL_SPAN = 6;
const TEXT_USUAL_MAX = 12;
const HOUR_MS = 3_600_000;
/** Not the moment: within a day, the same seed shall make the same requests. */
const TODAY_MS = new Date().setUTCHours(0, 0, 0, 0);
const HOURS_AROUND = 2_000;
const LETTERS = ["a", "b", "X", "0", "9", " ", "-", "_", ".", "é", "漢", "🎭"];
const HOW_OFTEN_ON_EDGE = 0.15;

/** A valid value in which everything on `way` is there. */
export function buildValue(schema: Schema, way: Way, chance: Chance): unknown {
  const { random } = chance;
  if (schema.anyOf !== undefined) return buildBranch(schema.anyOf, way, chance);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return random.pick(schema.enum);
  switch (schema.type ?? "string") {
    case "object":
      return buildObject(schema, way, chance);
    case "array":
      return buildList(schema, way, chance);
    case "integer":
      return buildWhole(schema, random);
    case "number":
      return random.int(0, 1_000) / 8;
    case "boolean":
      return random.chance(0.5);
    case "null":
      return null;
    default:
      return buildText(schema, chance);
  }
}

function buildBranch(branches: readonly Schema[], way: Way, chance: Chance): unknown {
  const [step = "", ...rest] = way;
  const branch = isBranch(step) ? branches[Number(step.slice(1))] : undefined;
  if (branch !== undefined) return buildValue(branch, rest, chance);
  return buildValue(chance.random.pick(branches), way, chance);
}

function buildObject(schema: Schema, [step, ...rest]: Way, chance: Chance): object {
  const members: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const isWanted = name === step || schema.required?.includes(name) === true;
    if (!isWanted && !chance.random.chance(OPTIONAL_SHARE)) continue;
    members[name] = buildValue(member, name === step ? rest : [], chance);
  }
  return members;
}

function buildList(schema: Schema, [step, ...rest]: Way, chance: Chance): unknown[] {
  const { minItems = 0, maxItems = ITEMS_USUAL_MAX, items = {} } = schema;
  const least = Math.max(minItems, step === ITEM ? 1 : 0);
  const length = chance.random.int(least, Math.min(maxItems, least + ITEMS_USUAL_MAX));
  const list = Array.from({ length }, (_, index) =>
    buildValue(items, index === 0 && step === ITEM ? rest : [], chance),
  );
  if (schema.uniqueItems !== true) return list;
  return [...new Map(list.map((item) => [JSON.stringify(item), item])).values()];
}

function buildWhole({ minimum = 0, maximum = 1_000_000 }: Schema, random: Random): number {
  if (random.chance(HOW_OFTEN_ON_EDGE)) return random.pick([minimum, maximum]);
  if (random.chance(HOW_OFTEN_ON_EDGE)) return random.int(minimum, maximum);
  return random.int(minimum, Math.min(maximum, minimum + WHOLE_USUAL_SPAN));
}

function buildText(schema: Schema, { random, junk }: Chance): string {
  const { pattern, minLength = 0, maxLength = TEXT_USUAL_MAX } = schema;
  if (pattern?.startsWith("^\\d{4}-") === true) return buildTime(random);
  if (pattern === undefined || pattern.startsWith("^[^")) {
    const length = random.int(Math.max(1, minLength), Math.min(maxLength, TEXT_USUAL_MAX));
    return Array.from({ length }, () => random.pick(LETTERS)).join("");
  }
  return junk.matching(pattern, random);
}

/** Around today: what lies far away is for the mutations. */
function buildTime(random: Random): string {
  const ms = TODAY_MS + random.int(-HOURS_AROUND / 4, HOURS_AROUND) * HOUR_MS;
  return new Date(ms).toISOString();
}
