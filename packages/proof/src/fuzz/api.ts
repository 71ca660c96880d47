/** The API as its own description tells it: operations, what they take, and checks for what they answer. */
import { Ajv } from "ajv";
import type { ValidateFunction } from "ajv";

import { closeObjects } from "./schema.ts";
import type { Schema } from "./schema.ts";

type Parameter = {
  readonly in: "path" | "query" | "header";
  readonly name: string;
  readonly required: boolean;
  readonly schema: Schema;
};

export type Operation = {
  /** `POST /v1/shows` */
  readonly name: string;
  readonly method: string;
  /** `/v1/shows/{id}` */
  readonly path: string;
  readonly isClassic: boolean;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  /** False for a body that the description refuses. */
  readonly takesBody: (value: unknown) => boolean;
  /** The statuses that are described, in words: `default` is any problem. */
  readonly statuses: readonly string[];
  /** What is wrong with the body of an answer; null for nothing. */
  readonly findFault: (status: number, type: string, body: unknown) => string | null;
};

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;
type Described = {
  readonly tags?: readonly string[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
};
type Description = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
};

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Every operation of a description in the form of /openapi.json. */
export function readOperations(description: unknown): Operation[] {
  const ajv = new Ajv({ strict: false, formats: { "date-time": INSTANT } });
  return Object.entries((description as Description).paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) =>
      readOperation(ajv, described, { path, method: method.toUpperCase() }),
    ),
  );
}

function readOperation(
  ajv: Ajv,
  described: Described,
  { path, method }: { readonly path: string; readonly method: string },
): Operation {
  const body = described.requestBody?.content["application/json"]?.schema ?? null;
  const checkBody = body === null ? null : ajv.compile(body);
  const checks = compileAnswers(ajv, described);
  return {
    name: `${method} ${path}`,
    method,
    path,
    isClassic: described.tags?.includes("Classic") === true,
    parameters: described.parameters ?? [],
    body,
    takesBody: (value) => checkBody === null || checkBody(value),
    statuses: Object.keys(described.responses),
    findFault: (status, type, value) => {
      const check = checks.get(`${status} ${type}`);
      if (check === undefined || check(value)) return null;
      return `the answer does not fit its schema: ${ajv.errorsText(check.errors)}`;
    },
  };
}

function compileAnswers(ajv: Ajv, described: Described): Map<string, ValidateFunction> {
  const checks = new Map<string, ValidateFunction>();
  for (const [status, { content = {} }] of Object.entries(described.responses)) {
    for (const [type, { schema }] of Object.entries(content)) {
      if (schema === undefined) continue;
      checks.set(`${status} ${type}`, ajv.compile(closeObjects(schema)));
    }
  }
  return checks;
}
