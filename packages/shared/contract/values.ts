/**
 * The small schemas from which messages and HTTP bodies are made. Each message says what would be
 * right, in the words that follow a member's name ("count must be …").
 */
import { Type } from "typebox";
import type { TSchema } from "typebox";

import type { ShowRules } from "../core/model.ts";
import { CAPACITY_MAX } from "../core/seats/layout.ts";
import { GROUP_SIZE_MAX } from "../core/seats/row-fits.ts";
import { GROUPS_MAX } from "../core/seats/together.ts";

/** Most places one booking can ask for. Keeps one request's work, and its message, small. */
export const PLACES_PER_BOOKING_MAX = GROUP_SIZE_MAX;
/** Most wants in one booking: a ladder that is longer nobody climbs. */
export const WANTS_MAX = 10;
/** Most sections that one want names. */
const WANT_SECTIONS_MAX = 20;
/** All wants of a booking together: they stand in every record that tells of it. */
const WANTS_BYTES_MAX = 2_048;

/** Whether all wants together are short enough; if not, what should be, in the words that follow "wants". */
export function findWantsFault(wants: readonly (object | null)[]): string | null {
  return Buffer.byteLength(JSON.stringify(wants)) > WANTS_BYTES_MAX
    ? `must have at most ${WANTS_BYTES_MAX} bytes together`
    : null;
}

/** The highest price of one place, in minor units. */
const PRICE_MAX = 100_000_000;

/** How long a hold lives unless its show says otherwise. */
export const HOLD_DEFAULT_MS = 120_000;
export const HOLD_MIN_MS = 1_000;
export const HOLD_MAX_MS = 24 * 60 * 60 * 1_000;
/** What a show goes by unless it says otherwise. */
export const DEFAULT_RULES: ShowRules = {
  holdMs: HOLD_DEFAULT_MS,
  holdMaxMs: 600_000,
  rescueMs: 900_000,
  confirmation: "manual",
  cancelConfirmed: false,
  seatsPerBookingMax: PLACES_PER_BOOKING_MAX,
  seatsPerCustomerMax: null,
  holdsPerCustomerMax: null,
};
/** The end of year 9999, the last that ISO 8601 writes. */
export const TIME_MAX_MS = 253_402_300_799_999;
/** A UUID as we write it: in lower case. */
export const UUID_PATTERN = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/**
 * What is fine of something that its schema found fault with: null stands for each member, and each item of a
 * list, that is not. So it can still be told whether they were given.
 */
export type Sound<T> = T extends readonly (infer Item)[]
  ? readonly (Sound<Item> | null)[]
  : T extends object
    ? { readonly [Member in keyof T]?: Sound<T[Member]> | null | undefined }
    : T;

/** A schema with the sentence that a failing value is answered with. */
export function withMessage<T extends TSchema>(schema: T, message: string): T {
  return { ...schema, errorMessage: message };
}

export const UuidSchema = withMessage(
  Type.String({ pattern: UUID_PATTERN }),
  "must be a UUID in lower case",
);

/** Text that Postgres can store and a person can read: no control characters, no half characters. */
function TextSchema(maxLength: number) {
  return withMessage(
    Type.String({
      minLength: 1,
      maxLength,
      pattern: "^[^\\u0000-\\u001f\\u007f\\ud800-\\udfff]*$",
    }),
    `must be 1 to ${maxLength} characters without control characters`,
  );
}

export const CustomerSchema = TextSchema(128);
export const PaymentSchema = TextSchema(255);
export const ShowNameSchema = TextSchema(200);

/** Places of a show, or of one of its sections. */
export const CapacitySchema = withMessage(
  Type.Integer({ minimum: 1, maximum: CAPACITY_MAX }),
  `must be a whole number from 1 to ${CAPACITY_MAX}`,
);

export const CountSchema = withMessage(
  Type.Integer({ minimum: 1, maximum: PLACES_PER_BOOKING_MAX }),
  `must be a whole number from 1 to ${PLACES_PER_BOOKING_MAX}`,
);

const SeatSchema = withMessage(
  Type.Integer({ minimum: 1, maximum: CAPACITY_MAX }),
  `must be a seat number, a whole number from 1 to ${CAPACITY_MAX}`,
);

export const SeatsSchema = withMessage(
  Type.Array(SeatSchema, {
    minItems: 1,
    maxItems: PLACES_PER_BOOKING_MAX,
    uniqueItems: true,
  }),
  `must list 1 to ${PLACES_PER_BOOKING_MAX} different seat numbers, each a whole number from 1`,
);

const GroupSchema = withMessage(
  Type.Integer({ minimum: 1, maximum: PLACES_PER_BOOKING_MAX }),
  `must be a group size, a whole number from 1 to ${PLACES_PER_BOOKING_MAX}`,
);

export const GroupsSchema = withMessage(
  Type.Array(GroupSchema, { minItems: 1, maxItems: GROUPS_MAX }),
  `must list 1 to ${GROUPS_MAX} group sizes, whole numbers of at most ${PLACES_PER_BOOKING_MAX} together`,
);

/** In minor units of the show's currency. */
export const PriceSchema = withMessage(
  Type.Integer({ minimum: 0, maximum: PRICE_MAX }),
  `must be a whole number of minor units (cents) from 0 to ${PRICE_MAX}`,
);

export const SectionNameSchema = TextSchema(100);

/** What narrows a want, beside what it asks for. */
export const wantFilter = {
  sections: Type.Optional(
    withMessage(
      Type.Array(SectionNameSchema, {
        minItems: 1,
        maxItems: WANT_SECTIONS_MAX,
        uniqueItems: true,
      }),
      `must list 1 to ${WANT_SECTIONS_MAX} different names of sections`,
    ),
  ),
  priceMax: Type.Optional(PriceSchema),
  accessible: Type.Optional(withMessage(Type.Literal(true), "must be true, or left out")),
};

/** SHA-256 in hex. */
export const HashSchema = Type.String({ pattern: "^[0-9a-f]{64}$" });

/** Milliseconds since 1970. */
export const TimeSchema = Type.Integer({ minimum: 0, maximum: TIME_MAX_MS });

export function NullableSchema<T extends TSchema>(schema: T) {
  return Type.Union([schema, Type.Null()]);
}
