/**
 * What can be wrong, or only just right, with a member: one list for each, made from its schema, so that a
 * report can say of every member and keyword whether it was tried. Pure but for the given chance.
 */
import type { Chance } from "./build-value.ts";
import { ITEM, isBranch } from "./schema.ts";
import type { Schema, Way } from "./schema.ts";

/** Puts something else in the place of a value. */
type Mutation = {
  readonly name: string;
  readonly change: (value: unknown, chance: Chance) => unknown;
};

/** Text that stands in the body as it is, JSON or not. */
class RawText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toJSON(): string {
    return `@raw:${Buffer.from(this.#text).toString("base64url")}@`;
  }
}

const LEFT_OUT = Symbol("left out");
const NESTING = [2, 40, 1_000, 4_000];
const OTHERS: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  integer: 1,
  number: 0.5,
  string: "1",
  array: [],
  object: {},
};

const RAW_TEXTS: Readonly<Record<string, string>> = {
  NaN: "NaN",
  Infinity: "-Infinity",
  "1e400": "1e400",
  "-0": "-0",
  "1E400 digits": "9".repeat(400),
  "beyond 2^53": "9007199254740993",
  "a leading zero": "01",
  hex: "0x1",
  "half a character": '"\\ud800"',
  "a bad escape": '"\\x41"',
  "an escaped NUL": '"\\u0000"',
  "a bare control character": '"\u0001"',
  "single quotes": "'1'",
  "a comment": "1 /* one */",
  undefined: "undefined",
  nothing: "",
};

/** Everything that is tried on a member with this schema. */
export function listMutations(schema: Schema, way: Way): Mutation[] {
  const own = [
    ...listTypes(schema),
    ...listOfNumber(schema),
    ...listOfText(schema),
    ...listOfList(schema),
    ...listOfObject(schema),
    ...listOfChoice(schema),
    ...Object.entries(RAW_TEXTS).map(([name, text]) => always(`raw ${name}`, new RawText(text))),
    ...NESTING.map((depth) => always(`nested ${depth}`, nest(depth))),
    { name: "any JSON", change: (_: unknown, { random, junk }: Chance) => junk.value(random) },
    { name: "any text", change: (_: unknown, { random, junk }: Chance) => junk.text(random) },
    { name: "as it should be", change: (value: unknown) => value },
  ];
  const isMember = way.length > 0 && !isBranch(way.at(-1) ?? "");
  return isMember ? [...own, always("left out", LEFT_OUT)] : own;
}

/** The value with the mutation made at `way`. */
export function mutate(
  value: unknown,
  way: Way,
  { change, chance }: { readonly change: Mutation["change"]; readonly chance: Chance },
): unknown {
  const [step, ...rest] = way;
  if (step === undefined) return change(value, chance);
  if (isBranch(step)) return mutate(value, rest, { change, chance });
  if (Array.isArray(value) && step === ITEM) {
    const [first, ...others] = value as unknown[];
    const changed = mutate(first, rest, { change, chance });
    return changed === LEFT_OUT ? others : [changed, ...others];
  }
  if (typeof value !== "object" || value === null) return value;
  const members = value as Readonly<Record<string, unknown>>;
  const changed = mutate(members[step], rest, { change, chance });
  const others = Object.entries(members).filter(([name]) => name !== step);
  return Object.fromEntries(changed === LEFT_OUT ? others : [...others, [step, changed]]);
}

/** The body's text, with what is raw as it is. */
export function encodeBody(value: unknown): string {
  const text = JSON.stringify(value === LEFT_OUT ? {} : value) ?? "";
  return text.replaceAll(/"@raw:([\w-]*)@"/g, (_, raw: string) =>
    Buffer.from(raw, "base64url").toString("utf8"),
  );
}

function always(name: string, value: unknown): Mutation {
  return { name, change: () => value };
}

function listTypes(schema: Schema): Mutation[] {
  return Object.entries(OTHERS)
    .filter(([type]) => type !== schema.type)
    .map(([type, value]) => always(`type ${type}`, value));
}

function listOfNumber({ type, minimum, maximum }: Schema): Mutation[] {
  if (type !== "integer" && type !== "number") return [];
  const edges = [
    ...(minimum === undefined
      ? []
      : [always("minimum", minimum), always("minimum - 1", minimum - 1)]),
    ...(maximum === undefined
      ? []
      : [always("maximum", maximum), always("maximum + 1", maximum + 1)]),
  ];
  const odd = [-1, 0, 0.1, 1e21, -1e308, 2 ** 31, 2 ** 53, -(2 ** 63)];
  return [...edges, ...odd.map((value) => always(`number ${value}`, value))];
}

function listOfText({ type, minLength, maxLength, pattern, enum: choices }: Schema): Mutation[] {
  if (type !== "string" || choices !== undefined) return [];
  const most = maxLength ?? 1_000;
  return [
    ...(minLength === undefined ? [] : [always("minLength", "a".repeat(minLength))]),
    ...(minLength === undefined ? [] : [always("minLength - 1", "a".repeat(minLength - 1))]),
    always("maxLength", "a".repeat(most)),
    always("maxLength in astral characters", "🎭".repeat(Math.min(most, 1_000))),
    always("maxLength + 1", "a".repeat(most + 1)),
    ...(pattern === undefined ? [] : [always("pattern", "\u0007")]),
    { name: "a NUL inside", change: (value) => `${String(value)}\u0000` },
    { name: "half a character inside", change: (value) => `${String(value)}\ud83c` },
    { name: "right to left", change: (value) => `\u202e${String(value)}` },
    { name: "blanks around", change: (value) => ` ${String(value)} ` },
    { name: "in capitals", change: (value) => String(value).toUpperCase() },
    { name: "an instant out of range", change: () => "0000-02-31T24:00:00+99:99" },
    { name: "a day that is none", change: () => "2027-02-30T10:00:00Z" },
    { name: "the end of time", change: () => "9999-12-31T23:59:59.999-23:59" },
    {
      name: "odd ranges",
      change: (_, { random }) =>
        random.pick(["3-1", "1,1", "0", "1-1000001", "1-", "A-A", "A-ZZZ", "1-99999"]),
    },
  ];
}

function listOfList({ type, minItems, maxItems, uniqueItems }: Schema): Mutation[] {
  if (type !== "array") return [];
  const resize = (length: number) => (value: unknown) => {
    const list = Array.isArray(value) && value.length > 0 ? (value as unknown[]) : [1];
    return Array.from({ length }, (_, index) => vary(list[index % list.length], index));
  };
  return [
    { name: "no items", change: () => [] },
    ...(minItems === undefined ? [] : [{ name: "minItems", change: resize(minItems) }]),
    ...(maxItems === undefined ? [] : [{ name: "maxItems", change: resize(maxItems) }]),
    ...(maxItems === undefined ? [] : [{ name: "maxItems + 1", change: resize(maxItems + 1) }]),
    ...(uniqueItems === true ? [{ name: "uniqueItems", change: twice }] : []),
    {
      name: "with a null",
      change: (value) => (Array.isArray(value) ? [...(value as unknown[]), null] : [null]),
    },
  ];
}

/** So that what must differ does, where it can. */
function vary(item: unknown, index: number): unknown {
  if (typeof item === "number") return index + 1;
  if (typeof item === "string") return `${item.slice(0, 8)}${index}`;
  const isNamed = typeof item === "object" && item !== null && "name" in item;
  return isNamed ? { ...item, name: `${String(item.name).slice(0, 8)}${index}` } : item;
}

function twice(value: unknown): unknown {
  const [first = 1, ...rest] = Array.isArray(value) ? (value as unknown[]) : [];
  return [first, first, ...rest];
}

function listOfObject({ type }: Schema): Mutation[] {
  if (type !== "object") return [];
  const extra = (name: string, member: unknown = {}): Mutation => ({
    name: `extra member ${name}`,
    change: (value) => withRaw(value, `${JSON.stringify(name)}:${JSON.stringify(member)}`),
  });
  return [
    extra("unknown"),
    extra("__proto__", { isAdmin: true }),
    extra("constructor", { prototype: { isAdmin: true } }),
    extra("toString", 1),
    extra("a/~b", 1),
    extra("\u0000", 1),
    extra("\ud800", 1),
    { name: "a member twice", change: (value) => withRaw(value, firstMember(value)) },
    { name: "5,000 members", change: (value) => withRaw(value, manyMembers()) },
  ];
}

function withRaw(value: unknown, member: string): RawText {
  const text = encodeBody(typeof value === "object" && value !== null ? value : {});
  const head = text.slice(0, -1);
  return new RawText(`${head}${head.length > 1 ? "," : ""}${member}}`);
}

function firstMember(value: unknown): string {
  const [first] = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return first === undefined ? '"a":1,"a":2' : `${JSON.stringify(first[0])}:null`;
}

function manyMembers(): string {
  return Array.from({ length: 5_000 }, (_, index) => `"m${index}":0`).join(",");
}

function listOfChoice({ enum: choices = [] }: Schema): Mutation[] {
  return choices.flatMap((choice) => [
    always(`enum ${String(choice)}`, choice),
    always(`enum ${String(choice)} misspelt`, `${String(choice)} `),
  ]);
}

function nest(depth: number): RawText {
  return new RawText(`${"[".repeat(depth)}${"]".repeat(depth)}`);
}
