/** Changes one place of a JSON value, wherever it is: for messages, whose schemas only the line knows. */
import type { Random } from "@seatline/shared/testing/random.ts";

import type { Junk } from "./junk.ts";

type Chance = { readonly random: Random; readonly junk: Junk };
type Members = Record<string, unknown>;

const ODD_NUMBERS = [
  -1,
  0,
  0.5,
  1,
  51,
  1_000_001,
  2 ** 31,
  2 ** 53,
  1e21,
  -1e308,
  253_402_300_800_000,
];
const CHANGES_MAX = 3;

/** The text of the value with one to three changes. */
export function spoil(value: unknown, chance: Chance): string {
  let changed = value;
  for (let left = chance.random.int(1, CHANGES_MAX); left > 0; left--) {
    changed = changeSomewhere(changed, chance);
  }
  return JSON.stringify(changed) ?? "";
}

function changeSomewhere(value: unknown, chance: Chance): unknown {
  const { random } = chance;
  const isDeeper = typeof value === "object" && value !== null && random.chance(0.8);
  if (!isDeeper) return changeHere(value, chance);
  if (Array.isArray(value)) return changeList(value as unknown[], chance);
  const members: Members = { ...value };
  const names = Object.keys(members);
  if (names.length === 0 || random.chance(0.1)) {
    return {
      ...members,
      [random.pick(["x", "toString", "", "\u0000"])]: chance.junk.value(random),
    };
  }
  const name = random.pick(names);
  if (random.chance(0.2)) delete members[name];
  else members[name] = changeSomewhere(members[name], chance);
  return members;
}

function changeList(list: readonly unknown[], chance: Chance): unknown[] {
  const { random, junk } = chance;
  const at = random.int(0, Math.max(0, list.length - 1));
  switch (random.int(0, 4)) {
    case 0:
      return list.toSpliced(at, 1);
    case 1:
      return list.toSpliced(at, 0, junk.value(random));
    case 2:
      return Array.from({ length: random.int(2, 60) }, () => list[at]);
    default:
      return list.length === 0
        ? [junk.value(random)]
        : list.with(at, changeSomewhere(list[at], chance));
  }
}

function changeHere(value: unknown, { random, junk }: Chance): unknown {
  if (typeof value === "number" && random.chance(0.6)) return random.pick(ODD_NUMBERS);
  if (typeof value === "string" && random.chance(0.6)) {
    return random.pick([
      `${value}\u0000`,
      `${value}\ud800`,
      value.toUpperCase(),
      value.slice(1),
      junk.text(random),
    ]);
  }
  if (typeof value === "boolean" && random.chance(0.6)) return !value;
  return random.pick([null, [], {}, "", 0, true, junk.value(random)]);
}
