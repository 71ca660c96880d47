/** Checks requests against their schemas: nothing is coerced, nothing is dropped, every fault is found. */
import { Ajv } from "ajv";
import type { ErrorObject } from "ajv";
import type { FastifySchemaCompiler } from "fastify";

import type { Fault } from "./problems.ts";

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

/** What the caller reads of Ajv's findings: each member once, with the sentence of its schema. */
export function describeFaults(errors: readonly ErrorObject[]): Fault[] {
  const faults: Fault[] = [];
  // A member that several branches of a union complain about is told once, in the union's words.
  const found = errors
    .slice(0, FAULTS_READ_MAX)
    .sort((a, b) => Number(b.keyword === "anyOf") - Number(a.keyword === "anyOf"))
    .map(describeFault);
  for (const fault of found.sort((a, b) => a.path.length - b.path.length)) {
    const isCovered = faults.some(
      ({ path }) => path === fault.path || (path !== "" && fault.path.startsWith(`${path}/`)),
    );
    if (!isCovered) faults.push(fault);
  }
  // Where a body may be left out, its faults are also told as "not nothing".
  const named = faults.filter(({ path }) => path !== "");
  return (named.length === 0 ? faults : named).slice(0, FAULTS_TOLD_MAX);
}

function describeFault(error: ErrorObject): Fault {
  const { keyword, instancePath, params, parentSchema } = error;
  if (keyword === "required") {
    const name = String(params["missingProperty"]);
    return { path: `${instancePath}/${name}`, message: `is missing${hint(parentSchema, name)}` };
  }
  if (keyword === "additionalProperties") {
    const name = String(params["additionalProperty"]);
    const known = Object.keys(properties(parentSchema)).join(", ");
    return {
      path: `${instancePath}/${name}`,
      message: `is not known here${known === "" ? "" : `; known are: ${known}`}`,
    };
  }
  const own: unknown = parentSchema?.["errorMessage"];
  if (typeof own === "string") return { path: instancePath, message: own };
  if (instancePath === "") return { path: "", message: "the body must be a JSON object" };
  return { path: instancePath, message: error.message ?? "is not valid" };
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
