/**
 * Requests as they stand in the topic `seatline.requests`: JSON, one per message, checked at both
 * ends. Readers ignore members that they do not know; what is not additive is a new version.
 */
import { hash } from "node:crypto";

import { Type } from "typebox";
import { Compile } from "typebox/compile";

import { CONFIRMATIONS, SALES, wantedPlaces } from "../core/model.ts";
import { unreachable } from "../core/assert.ts";
import type { Want } from "../core/model.ts";
import { CAPACITY_MAX } from "../core/seats/layout.ts";
import { parseRanges } from "../core/seats/ranges.ts";
import type { Book, ChangeShow, CreateShow, Request } from "../core/requests.ts";
import { findLayoutFault } from "./layout-notation.ts";
import { LayoutSchema } from "./layout-schemas.ts";
import {
  CountSchema,
  CustomerSchema,
  GroupsSchema,
  HOLD_MAX_MS,
  HOLD_MIN_MS,
  HashSchema,
  NullableSchema,
  PLACES_PER_BOOKING_MAX,
  PaymentSchema,
  PriceSchema,
  SeatsSchema,
  ShowNameSchema,
  TimeSchema,
  UuidSchema,
  WANTS_MAX,
  findWantsFault,
  wantFilter,
} from "./values.ts";

const REQUEST_VERSION = 1;
/** Long enough for any other seat of the largest show, as ranges of few. */
const RANGES_MAX = 200_000;
const SECTION_CHANGES_MAX = 1_000;

const strict = { additionalProperties: false } as const;

/**
 * Strict, unlike most here: a member of a want that we do not know would narrow it, and a want that is not
 * understood must not be decided.
 */
export const WantSchema = Type.Union([
  Type.Object({ seats: SeatsSchema, ...wantFilter }, strict),
  Type.Object({ together: GroupsSchema, ...wantFilter }, strict),
  Type.Object({ count: CountSchema, ...wantFilter }, strict),
]);

const HoldMsSchema = Type.Integer({ minimum: HOLD_MIN_MS, maximum: HOLD_MAX_MS });

const RulesSchema = Type.Object({
  holdMs: HoldMsSchema,
  holdMaxMs: HoldMsSchema,
  rescueMs: Type.Integer({ minimum: 0, maximum: HOLD_MAX_MS }),
  confirmation: Type.Enum([...CONFIRMATIONS]),
  cancelConfirmed: Type.Boolean(),
  seatsPerBookingMax: CountSchema,
  seatsPerCustomerMax: NullableSchema(Type.Integer({ minimum: 1, maximum: CAPACITY_MAX })),
  holdsPerCustomerMax: NullableSchema(Type.Integer({ minimum: 1, maximum: CAPACITY_MAX })),
});

const RangesSchema = Type.String({ maxLength: RANGES_MAX });
const PlaceCountSchema = Type.Integer({ minimum: 0, maximum: CAPACITY_MAX });

/** Strict for the same reason: a change that is only half understood must not be made by half. */
const ChangesSchema = Type.Object(
  {
    name: Type.Optional(ShowNameSchema),
    startsAt: Type.Optional(TimeSchema),
    opensAt: Type.Optional(NullableSchema(TimeSchema)),
    closesAt: Type.Optional(NullableSchema(TimeSchema)),
    sale: Type.Optional(Type.Enum([...SALES])),
    archived: Type.Optional(Type.Boolean()),
    block: Type.Optional(RangesSchema),
    unblock: Type.Optional(RangesSchema),
    sections: Type.Optional(
      Type.Array(
        Type.Object(
          {
            name: Type.String(),
            price: Type.Optional(PriceSchema),
            standing: Type.Optional(PlaceCountSchema),
          },
          strict,
        ),
        { maxItems: SECTION_CHANGES_MAX },
      ),
    ),
  },
  strict,
);

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
    opensAt: NullableSchema(TimeSchema),
    closesAt: NullableSchema(TimeSchema),
    requestHash: HashSchema,
  }),
  "change-show": Type.Object({
    ...envelope,
    kind: Type.Literal("change-show"),
    showId: UuidSchema,
    changes: ChangesSchema,
    after: NullableSchema(Type.Integer({ minimum: 0 })),
  }),
  book: Type.Object({
    ...envelope,
    kind: Type.Literal("book"),
    showId: UuidSchema,
    customer: NullableSchema(CustomerSchema),
    wants: Type.Array(WantSchema, { minItems: 1, maxItems: WANTS_MAX }),
    confirmNow: Type.Boolean(),
    holdMs: NullableSchema(HoldMsSchema),
    wait: NullableSchema(Type.Object({ until: NullableSchema(TimeSchema) })),
    byStaff: Type.Boolean(),
    requestHash: HashSchema,
  }),
  confirm: Type.Object({
    ...ofBooking,
    kind: Type.Literal("confirm"),
    payment: NullableSchema(PaymentSchema),
  }),
  extend: Type.Object({
    ...ofBooking,
    kind: Type.Literal("extend"),
    holdMs: NullableSchema(HoldMsSchema),
  }),
  cancel: Type.Object({
    ...ofBooking,
    kind: Type.Literal("cancel"),
    places: NullableSchema(
      Type.Object({
        seats: Type.Array(Type.Integer({ minimum: 1, maximum: CAPACITY_MAX }), {
          maxItems: PLACES_PER_BOOKING_MAX,
        }),
        standing: Type.Array(Type.Object({ section: Type.String(), keep: PlaceCountSchema }), {
          maxItems: PLACES_PER_BOOKING_MAX,
        }),
      }),
    ),
    byStaff: Type.Boolean(),
  }),
  expire: Type.Object({ ...ofBooking, kind: Type.Literal("expire") }),
};

const checks = {
  "create-show": Compile(schemas["create-show"]),
  "change-show": Compile(schemas["change-show"]),
  book: Compile(schemas.book),
  confirm: Compile(schemas.confirm),
  extend: Compile(schemas.extend),
  cancel: Compile(schemas.cancel),
  expire: Compile(schemas.expire),
};

/** A request that arrived, or why the message is none. `requestId` is what could still be read of it. */
type ParsedRequest =
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
  const fault = findFault(json);
  return fault === null ? { request: json } : { fault, requestId };
}

/** What a schema cannot say. */
function findFault(request: Request): string | null {
  switch (request.kind) {
    case "create-show":
      return findLayoutFault(request.layout);
    case "change-show":
      return findRangesFault(request);
    case "book": {
      const asksTooMany = request.wants.some((want) => wantedPlaces(want) > PLACES_PER_BOOKING_MAX);
      if (asksTooMany) return `/wants has one of more than ${PLACES_PER_BOOKING_MAX} places`;
      // Who waits is given places like anybody else: blocked seats among them nobody could be given.
      if (request.byStaff && request.wait !== null) return "/wait is not for the staff";
      const fault = findWantsFault(request.wants);
      return fault === null ? null : `/wants ${fault}`;
    }
    case "confirm":
    case "extend":
    case "cancel":
    case "expire":
      return null;
    default:
      return unreachable(request);
  }
}

function findRangesFault({ changes: { block = "", unblock = "" } }: ChangeShow): string | null {
  if (parseRanges(block) === null) return "/changes/block is not seat numbers as ranges";
  return parseRanges(unblock) === null ? "/changes/unblock is not seat numbers as ranges" : null;
}

/** The hash that tells whether a key is used again for the same thing (SHA-256, hex). */
export function hashBook(book: Omit<Book, "kind" | "requestId" | "requestHash">): string {
  const { showId, customer, wants, confirmNow, holdMs, wait, byStaff } = book;
  const asked = [showId, customer, wants.map(inOrder), confirmNow, holdMs, wait, byStaff];
  return hash("sha256", JSON.stringify(asked));
}

/** The same for the creation of a show. */
export function hashCreateShow(
  show: Omit<CreateShow, "kind" | "requestId" | "showId" | "requestHash">,
): string {
  const { name, startsAt, layout, rules, opensAt, closesAt } = show;
  return hash("sha256", JSON.stringify([name, startsAt, layout, rules, opensAt, closesAt]));
}

/** The same want has the same text, in whatever order its members came. */
function inOrder(want: Want): Want {
  return Object.fromEntries(Object.entries(want).sort(([a], [b]) => (a < b ? -1 : 1))) as Want;
}
