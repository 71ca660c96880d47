/** JSON Schema as far as the description of our API uses it, and the members that stand in one. Pure. */

export type Schema = {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?: string;
};

/**
 * The way to a member: its name, `*` for an item of a list, `|1` for the second branch of a choice, which is
 * no step in the value itself.
 */
export type Way = readonly string[];

type Node = { readonly way: Way; readonly schema: Schema };

export const ITEM = "*";

/** Every member of a schema, itself first. */
export function* listNodes(schema: Schema, way: Way = []): Generator<Node> {
  yield { way, schema };
  for (const [index, branch] of (schema.anyOf ?? []).entries()) {
    yield* listNodes(branch, [...way, `|${index}`]);
  }
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    yield* listNodes(member, [...way, name]);
  }
  if (schema.items !== undefined) yield* listNodes(schema.items, [...way, ITEM]);
}

export function isBranch(step: string): boolean {
  return step.startsWith("|");
}

/** `/wants/*` and the like; the value as a whole is `/`. */
export function encodeWay(way: Way): string {
  return `/${way.join("/")}`;
}

/** The same schema with every object closed that does not say that it is open: for answers. */
export function closeObjects(schema: Schema): Schema {
  const { properties, items, anyOf } = schema;
  return {
    ...schema,
    ...(properties !== undefined && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, member]) => [name, closeObjects(member)]),
      ),
      additionalProperties: schema.additionalProperties ?? false,
    }),
    ...(items !== undefined && { items: closeObjects(items) }),
    ...(anyOf !== undefined && { anyOf: anyOf.map(closeObjects) }),
  };
}
