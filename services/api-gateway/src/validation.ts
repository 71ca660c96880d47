/** Checks requests against their schemas: nothing is coerced, nothing is dropped, every fault is found. */
import { Ajv } from "ajv";
import type { ErrorObject } from "ajv";
import type { FastifyRequest, FastifySchemaCompiler } from "fastify";

import type { Sound } from "@seatline/shared/contract/values.ts";

import { buildInvalid } from "./problems.ts";
import type { Fault, Problem } from "./problems.ts";

/** A validator for Fastify. Bodies are bounded in size, so looking for all faults is cheap. */
export function buildValidator(): FastifySchemaCompiler<object> {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    coerceTypes: false,
    removeAdditional: false,
    useDefaults: false,
    strictTypes: false,
    validateFormats: false,
    keywords: ["errorMessage"],
  });
  return ({ schema }) => ajv.compile(schema);
}

/** A body of nothing but faults must not cost more than others, nor come back whole. */
const FAULTS_TOLD_MAX = 20;
const FAULTS_READ_MAX = 200;

/**
 * All that is wrong with a body or query, to be told at once: what its schema found (its route has
 * `attachValidation`, so it comes here), and what the code behind finds in what is `sound`.
 */
export class Faults<T extends object = object> {
  /** What may be read whatever the schema found: it is as the types say. */
  readonly sound: Sound<T>;
  readonly #ofSchema: readonly Fault[];
  readonly #found: Fault[] = [];

  constructor(data: T, { validationError }: Pick<FastifyRequest, "validationError">) {
    const errors = (validationError?.validation ?? []) as readonly ErrorObject[];
    this.#ofSchema = describeFaults(errors);
    const sound = errors.length === 0 ? data : pickSound(data, new Set(errors.map(pathOf)));
    // Of what is no object, nothing is fine.
    this.sound = (sound ?? {}) as Sound<T>;
  }

  get any(): boolean {
    return this.#ofSchema.length + this.#found.length > 0;
  }

  /** Each path is told once; of what is no object nothing more is told. */
  push(fault: Fault): void {
    const isNoObject = this.#ofSchema.some(({ path }) => path === "");
    const isTold = this.#found.some(({ path }) => path === fault.path);
    if (isNoObject || isTold || isCovered(fault.path, this.#ofSchema)) return;
    this.#found.push(fault);
  }

  /** What a text means; null where there is none, or none that can be read. */
  read<V>(member: keyof T & string, parse: (text: string) => V | null, message: string): V | null {
    const text = (this.sound as Readonly<Record<string, unknown>>)[member];
    if (typeof text !== "string") return null;
    const value = parse(text);
    if (value === null) this.push({ path: `/${member}`, message });
    return value;
  }

  toProblem(): Problem {
    const all = [...this.#ofSchema, ...this.#found].sort(byPathLength);
    return buildInvalid(all.slice(0, FAULTS_TOLD_MAX));
  }
}

/** The value with a null wherever there is a fault. What is not faulty is no deeper than its schema. */
function pickSound(value: unknown, faulty: ReadonlySet<string>, path = ""): unknown {
  if (faulty.has(path)) return null;
  if (Array.isArray(value)) {
    return value.map((item, index) => pickSound(item, faulty, `${path}/${index}`));
  }
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    pickSound(member, faulty, `${path}/${name}`),
  ]);
  return Object.fromEntries(members);
}

/** What the caller reads of Ajv's findings: each member once, with the sentence of its schema. */
export function describeFaults(errors: readonly ErrorObject[]): Fault[] {
  const faults: Fault[] = [];
  // A member that several branches of a union complain about is told once, in the union's words.
  const found = errors
    .slice(0, FAULTS_READ_MAX)
    .sort((a, b) => Number(b.keyword === "anyOf") - Number(a.keyword === "anyOf"))
    .map(describeFault);
  for (const fault of found.sort(byPathLength)) {
    if (!isCovered(fault.path, faults)) faults.push(fault);
  }
  // Where a body may be left out, its faults are also told as "not nothing".
  const named = faults.filter(({ path }) => path !== "");
  return (named.length === 0 ? faults : named).slice(0, FAULTS_TOLD_MAX);
}

function byPathLength(a: Fault, b: Fault): number {
  return a.path.length - b.path.length;
}

/** Whether there is a fault of this very path already, or of what it is a part of. */
function isCovered(path: string, faults: readonly Fault[]): boolean {
  return faults.some(
    (told) => path === told.path || (told.path !== "" && path.startsWith(`${told.path}/`)),
  );
}

function describeFault(error: ErrorObject): Fault {
  return { path: pathOf(error), message: messageOf(error) };
}

function pathOf({ instancePath, params }: ErrorObject): string {
  const member: unknown = params["missingProperty"] ?? params["additionalProperty"];
  return typeof member === "string" ? `${instancePath}/${member}` : instancePath;
}

function messageOf({ keyword, instancePath, params, parentSchema, message }: ErrorObject): string {
  if (keyword === "required") {
    return `is missing${hint(parentSchema, String(params["missingProperty"]))}`;
  }
  if (keyword === "additionalProperties") {
    const known = Object.keys(properties(parentSchema)).join(", ");
    return `is not known here${known === "" ? "" : `; known are: ${known}`}`;
  }
  const own: unknown = parentSchema?.["errorMessage"];
  if (typeof own === "string") return own;
  if (instancePath === "") return "the body must be a JSON object";
  return message ?? "is not valid";
}

function hint(schema: ErrorObject["parentSchema"], name: string): string {
  const own: unknown = properties(schema)[name]?.["errorMessage"];
  return typeof own === "string" ? `; it ${own}` : "";
}

function properties(
  schema: ErrorObject["parentSchema"],
): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return schema?.["properties"] ?? {};
}
