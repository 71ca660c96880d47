/**
 * Requests as they stand in the topic `seatline.requests`: JSON, one per message, checked at both
 * ends. Readers ignore members that they do not know; what is not additive is a new version.
 */
import { hash } from "node:crypto";

import { Type } from "typebox";
import { Compile } from "typebox/compile";

import { layoutCapacity } from "../core/layout.ts";
import { CONFIRMATIONS } from "../core/model.ts";
import type { Book, CreateShow, Request } from "../core/model.ts";
import {
  CAPACITY_MAX,
  CountSchema,
  CustomerSchema,
  HOLD_MAX_MS,
  HOLD_MIN_MS,
  HashSchema,
  NullableSchema,
  PaymentSchema,
  SeatsSchema,
  ShowNameSchema,
  TextSchema,
  TimeSchema,
  UuidSchema,
  WANTS_MAX,
} from "./values.ts";

const REQUEST_VERSION = 1;
const ROW_NAME_MAX = 20;
const SECTION_NAME_MAX = 100;
const ROWS_MAX = 10_000;
const SECTIONS_MAX = 1_000;

/**
 * Strict, unlike everything else here: a member of a want that we do not know would narrow it, and a want
 * that is not understood must not be decided.
 */
export const WantSchema = Type.Union([
  Type.Object({ seats: SeatsSchema }, { additionalProperties: false }),
  Type.Object({ count: CountSchema }, { additionalProperties: false }),
]);

const RowSchema = Type.Object({
  name: Type.String({ maxLength: ROW_NAME_MAX }),
  seats: Type.Integer({ minimum: 1, maximum: CAPACITY_MAX }),
});

export const LayoutSchema = Type.Object({
  sections: Type.Array(
    Type.Union([
      Type.Object({
        kind: Type.Literal("seated"),
        name: Type.String({ maxLength: SECTION_NAME_MAX }),
        rows: Type.Array(RowSchema, { minItems: 1, maxItems: ROWS_MAX }),
      }),
      Type.Object({
        kind: Type.Literal("standing"),
        name: TextSchema(SECTION_NAME_MAX),
        capacity: Type.Integer({ minimum: 1, maximum: CAPACITY_MAX }),
      }),
    ]),
    { minItems: 1, maxItems: SECTIONS_MAX },
  ),
});

const HoldMsSchema = Type.Integer({ minimum: HOLD_MIN_MS, maximum: HOLD_MAX_MS });

export const RulesSchema = Type.Object({
  holdMs: HoldMsSchema,
  confirmation: Type.Enum([...CONFIRMATIONS]),
  cancelConfirmed: Type.Boolean(),
});

const envelope = { v: Type.Literal(REQUEST_VERSION), requestId: UuidSchema };
const ofBooking = { ...envelope, bookingId: UuidSchema };

const schemas = {
  "create-show": Type.Object({
    ...envelope,
    kind: Type.Literal("create-show"),
    showId: UuidSchema,
    name: ShowNameSchema,
    startsAt: TimeSchema,
    layout: LayoutSchema,
    rules: RulesSchema,
    requestHash: HashSchema,
  }),
  book: Type.Object({
    ...envelope,
    kind: Type.Literal("book"),
    showId: UuidSchema,
    customer: NullableSchema(CustomerSchema),
    wants: Type.Array(WantSchema, { minItems: 1, maxItems: WANTS_MAX }),
    confirmNow: Type.Boolean(),
    holdMs: NullableSchema(HoldMsSchema),
    requestHash: HashSchema,
  }),
  confirm: Type.Object({
    ...ofBooking,
    kind: Type.Literal("confirm"),
    payment: NullableSchema(PaymentSchema),
  }),
  cancel: Type.Object({ ...ofBooking, kind: Type.Literal("cancel") }),
  expire: Type.Object({ ...ofBooking, kind: Type.Literal("expire") }),
};

const checks = {
  "create-show": Compile(schemas["create-show"]),
  book: Compile(schemas.book),
  confirm: Compile(schemas.confirm),
  cancel: Compile(schemas.cancel),
  expire: Compile(schemas.expire),
};

/** A request that arrived, or why the message is none. `requestId` is what could still be read of it. */
export type ParsedRequest =
  | { readonly request: Request }
  | { readonly fault: string; readonly requestId: string | null };

/** The message for a request, as it goes into the topic. */
export function encodeRequest(request: Request): string {
  return JSON.stringify({ v: REQUEST_VERSION, ...request });
}

/** Reads a message. Never throws: what is no request is said to be none, with the reason. */
export function parseRequest(value: string): ParsedRequest {
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    return { fault: "not JSON", requestId: null };
  }
  if (typeof json !== "object" || json === null) return { fault: "no object", requestId: null };
  const requestId =
    "requestId" in json && typeof json.requestId === "string" ? json.requestId : null;
  if (!("v" in json) || json.v !== REQUEST_VERSION) {
    return { fault: "unknown version", requestId };
  }
  const kind = "kind" in json ? json.kind : undefined;
  if (typeof kind !== "string" || !Object.hasOwn(checks, kind)) {
    return { fault: "unknown kind", requestId };
  }
  const check = checks[kind as keyof typeof checks];
  if (!check.Check(json)) {
    const first = check.Errors(json)[0];
    const where = first?.instancePath ?? "";
    return { fault: `${where || "the request"} ${first?.message ?? "is not valid"}`, requestId };
  }
  if (json.kind === "create-show" && layoutCapacity(json.layout) > CAPACITY_MAX) {
    return { fault: `/layout has more than ${CAPACITY_MAX} places`, requestId };
  }
  return { request: json };
}

/** The hash that tells whether a key is used again for the same thing (SHA-256, hex). */
export function hashBook(book: Omit<Book, "kind" | "requestId" | "requestHash">): string {
  const { showId, customer, wants, confirmNow, holdMs } = book;
  return hash("sha256", JSON.stringify([showId, customer, wants, confirmNow, holdMs]));
}

/** The same for the creation of a show. */
export function hashCreateShow(
  show: Pick<CreateShow, "name" | "startsAt" | "layout" | "rules">,
): string {
  const { name, startsAt, layout, rules } = show;
  return hash("sha256", JSON.stringify([name, startsAt, layout, rules]));
}
