/** The schemas of layouts: as people write them over HTTP, as they get them back, and as they stand in messages. */
import { Type } from "typebox";
import type { Static, TSchema } from "typebox";

import { CAPACITY_MAX, ROWS_MAX, ROW_SEATS_MAX } from "../core/seats/layout.ts";
import {
  CapacitySchema,
  NullableSchema,
  PriceSchema,
  SectionNameSchema,
  withMessage,
} from "./values.ts";

const SECTIONS_MAX = 1_000;
/** More than any house has; the work of finding a place across them is bounded by it. */
const AISLES_MAX = 20;
/** Enough for thousands of rows that are all named one by one. */
const ROWS_TEXT_MAX = 20_000;
/** One for each row: who means more seats than that names rows and runs. */
const REFERENCES_MAX = ROWS_MAX;
/** The longest run has two names of 20 characters, `-500` after each, and two dots. */
const REFERENCE_LENGTH_MAX = 50;

const strict = { additionalProperties: false } as const;

function Member<T extends TSchema>(schema: T, message: string) {
  return Type.Optional(withMessage(schema, message));
}

const CurrencySchema = Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" });
// That rows are not too long is for `LayoutCheck`: it says which.
const RowSeatsSchema = Type.Integer({ minimum: 1 });
const SeatsPerRowSchema = Type.Union(
  [RowSeatsSchema, Type.Array(RowSeatsSchema, { maxItems: ROWS_MAX })],
  { description: `At most ${ROW_SEATS_MAX}, for all rows or for each` },
);
const RowsSchema = Type.String({
  minLength: 1,
  maxLength: ROWS_TEXT_MAX,
  description: "Names of rows, the best first: A-T, 1-40, AA-AF, or a list like A-H,K,1-20",
});
const AisleSchema = withMessage(Type.Integer({ minimum: 1 }), "must be a whole number from 1");
const AislesSchema = Type.Array(AisleSchema, {
  maxItems: AISLES_MAX,
  description: "An aisle passes after the seats with these numbers in their row",
});

function ReferencesMember(description: string) {
  const text = Type.String({ minLength: 1, maxLength: REFERENCE_LENGTH_MAX });
  const reference = withMessage(text, "must be a seat, a run or a row, like A1, A1..30 or A");
  return Member(
    Type.Array(reference, { maxItems: REFERENCES_MAX, description }),
    `must list at most ${REFERENCES_MAX} seats, runs or rows, like A1, A1..30 or A`,
  );
}

// Not a union: a fault in it could only be told as that of the whole section.
const SectionBody = withMessage(
  Type.Object(
    {
      name: SectionNameSchema,
      rows: Member(RowsSchema, `must be names of rows, 1 to ${ROWS_TEXT_MAX} characters like A-T`),
      seatsPerRow: Member(
        SeatsPerRowSchema,
        `must be a whole number from 1 to ${ROW_SEATS_MAX}, or a list with one for each row`,
      ),
      aislesAfter: Member(AislesSchema, "must list numbers of seats in a row, ascending from 1"),
      blocked: ReferencesMember("Not for sale: seats A1, runs A1..30 and whole rows A"),
      accessible: ReferencesMember("Only for who asks for them; written like `blocked`"),
      standing: Type.Optional(CapacitySchema),
      price: Type.Optional(PriceSchema),
    },
    { ...strict, description: "Either seated, with rows and seatsPerRow, or standing" },
  ),
  "must be a section, either seated or standing",
);
export type SectionBody = Static<typeof SectionBody>;

/** The members that the body of POST /v1/shows has about its layout. */
export const LayoutBody = Type.Object(
  {
    capacity: Type.Optional(CapacitySchema),
    sections: Member(
      Type.Array(SectionBody, { minItems: 1, maxItems: SECTIONS_MAX }),
      `must list 1 to ${SECTIONS_MAX} sections`,
    ),
    currency: Member(CurrencySchema, "must be three capital letters, like EUR"),
    price: Type.Optional(PriceSchema),
  },
  strict,
);
export type LayoutBody = Static<typeof LayoutBody>;

function Whole(description: string) {
  return Type.Optional(Type.Integer({ description }));
}

function Text(description: string) {
  return Type.Optional(Type.String({ description }));
}

const SectionAnswer = Type.Object({
  ...SectionBody.properties,
  standing: Whole("How many places it has, where it has no seats"),
  firstSeat: Whole("The number of its first seat in the show; the others follow"),
});

export const LayoutAnswer = Type.Object(
  {
    capacity: Type.Integer({ description: "All places, standing and blocked ones included" }),
    currency: Type.Optional(CurrencySchema),
    sections: Type.Optional(Type.Array(SectionAnswer)),
    price: Whole("Without sections: of one place"),
    blocked: Text("Without sections: seats not for sale, as ranges like 3-4,9"),
    accessible: Text("Without sections: seats only for who asks for them, as ranges"),
  },
  { description: "Where the seats of a show are and what they are called" },
);
export type LayoutAnswer = Static<typeof LayoutAnswer>;

const named = { name: SectionNameSchema, price: PriceSchema };
const NoName = Type.Literal("");

/** The core's layout as it stands in messages; `findLayoutFault` checks the rest. */
export const LayoutSchema = Type.Object({
  sections: Type.Array(
    Type.Union([
      Type.Object({
        ...named,
        kind: Type.Literal("seated"),
        rows: RowsSchema,
        seatsPerRow: SeatsPerRowSchema,
        aislesAfter: AislesSchema,
      }),
      Type.Object({ ...named, kind: Type.Literal("plain"), name: NoName, seats: CapacitySchema }),
      Type.Object({
        ...named,
        kind: Type.Literal("standing"),
        // A change may leave it without a place.
        capacity: Type.Integer({ minimum: 0, maximum: CAPACITY_MAX }),
      }),
    ]),
    { minItems: 1, maxItems: SECTIONS_MAX },
  ),
  currency: NullableSchema(CurrencySchema),
  accessible: Type.String(),
  blocked: Type.String(),
});
