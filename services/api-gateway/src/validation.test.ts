import { Ajv } from "ajv";
import type { ErrorObject } from "ajv";
import { Type } from "typebox";
import type { TSchema } from "typebox";
import { expect, test } from "vitest";

import {
  BookBody,
  CancelBody,
  ConfirmBody,
  ExtendBody,
} from "@seatline/shared/contract/http-bookings.ts";
import { ChangeShowBody, CreateShowBody } from "@seatline/shared/contract/http-shows.ts";

import { buildValidator, describeFaults } from "./validation.ts";

const compile = buildValidator();

/** What a caller who sent `data` would read. */
function listFaults(schema: TSchema, data: unknown): string[] {
  const validate = compile({ schema, method: "POST", url: "/", httpPart: "body" });
  const found: unknown = validate(data);
  if (found === true) return [];
  const errors = (validate as unknown as { errors: ErrorObject[] }).errors;
  return describeFaults(errors).map(({ path, message }) => `${path}: ${message}`);
}

const SHOW_ID = "01990000-0000-7000-8000-000000000000";
const ConfirmOrNothing = Type.Union([ConfirmBody, Type.Null()]);

test("what is right has no faults, and nothing is coerced, added or taken away on the way", () => {
  const body = { showId: SHOW_ID, count: 2 };
  expect(listFaults(BookBody, body)).toEqual([]);
  expect(body).toEqual({ showId: SHOW_ID, count: 2 });
  expect(listFaults(ConfirmOrNothing, null)).toEqual([]);
  expect(listFaults(ConfirmOrNothing, {})).toEqual([]);
});

test("every fault is found, each member once, in the words of its schema", () => {
  expect(listFaults(BookBody, { count: "2", customer: "", size: 1 }).sort()).toEqual([
    "/count: must be a whole number from 1 to 50",
    "/customer: must be 1 to 128 characters without control characters",
    "/showId: is missing; it must be a UUID in lower case",
    "/size: is not known here; known are: showId, customer, count, seats, together, sections, priceMax, accessible, wants, ifUnavailable, waitUntil, confirm, as",
  ]);
});

test("a list tells the faults of its items where they are", () => {
  const want =
    'must be {"seats": […]}, {"together": […]} or {"count": n}, narrowed by sections, priceMax or accessible';
  const cases: [unknown, string][] = [
    [7, `/wants/0: ${want}`],
    [{ count: 0 }, "/wants/0/count: must be a whole number from 1 to 50"],
    [
      { count: 1, sections: "A" },
      "/wants/0/sections: must list 1 to 20 different names of sections",
    ],
    [
      { count: 1, priceMax: -1 },
      "/wants/0/priceMax: must be a whole number of minor units (cents) from 0 to 100000000",
    ],
  ];
  for (const [item, fault] of cases) {
    expect(listFaults(BookBody, { showId: SHOW_ID, wants: [item] })).toEqual([fault]);
  }
});

test("where no body is fine, the faults of a body are told without a word about nothing", () => {
  const payment = "/payment: must be 1 to 255 characters without control characters";
  expect(listFaults(ConfirmOrNothing, { payment: "" })).toEqual([payment]);
  expect(listFaults(ConfirmOrNothing, { pay: 1 })).toEqual([
    "/pay: is not known here; known are: payment",
  ]);
  expect(listFaults(Type.Union([ExtendBody, Type.Null()]), { seat: 1 })).toEqual([
    "/seat: is not known here; known are: seconds",
  ]);
  expect(listFaults(ConfirmOrNothing, [])).toEqual([": the body must be a JSON object"]);
});

test("however many faults there are, a bounded number is told", () => {
  const body = Object.fromEntries(Array.from({ length: 12_000 }, (_, index) => [`m${index}`, 0]));
  expect(listFaults(BookBody, body)).toHaveLength(20);
});

/** The parts of a schema that matter here. */
type Part = TSchema & {
  readonly properties?: Readonly<Record<string, Part>>;
  readonly items?: Part;
  readonly anyOf?: readonly Part[];
};

const TEXTS = ["", "\n", "x", "x".repeat(60_000)];
const NUMBERS = [0, -1, 0.5, 7, 1e12];
const LISTS = [[], [[]], ["x", "x"], Array.from({ length: 6_000 }, (_, index) => index)];
const JUNK = [null, true, {}, { name: "x" }, { colour: "red" }, ...TEXTS, ...NUMBERS, ...LISTS];

/** Values that are wrong in every place that a schema tells of. */
function* spoil({ properties = {}, items, anyOf = [] }: Part): Generator {
  yield* JUNK;
  for (const part of anyOf) yield* spoil(part);
  if (items !== undefined) for (const item of spoil(items)) yield [item];
  for (const [name, part] of Object.entries(properties)) {
    for (const value of spoil(part)) yield { [name]: value };
  }
}

test("whatever is wrong, and wherever, is told in words of ours", () => {
  const bodies = { BookBody, CancelBody, ChangeShowBody, ConfirmBody, CreateShowBody, ExtendBody };
  for (const [name, schema] of Object.entries(bodies)) {
    const validate = compile({ schema, method: "POST", url: "/", httpPart: "body" });
    for (const body of spoil(schema)) {
      if (validate(body) === true) continue;
      const { errors } = validate as unknown as { errors: ErrorObject[] };
      const theirs = new Set(errors.map(({ message }) => message));
      const stray = describeFaults(errors).filter(({ message }) => theirs.has(message));
      expect({ name, stray }).toEqual({ name, stray: [] });
    }
  }
});

test("schemas without a sentence of their own still say what would be right", () => {
  const validate = new Ajv({ verbose: true, strictTypes: false }).compile({
    properties: { n: { minimum: 1 } },
  });
  validate({ n: 0 });
  expect(describeFaults(validate.errors ?? [])).toEqual([{ path: "/n", message: "must be >= 1" }]);
});
