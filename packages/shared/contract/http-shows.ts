/** Bodies and answers about shows. */
import { Type } from "typebox";

import { CONFIRMATIONS, SALES } from "../core/model.ts";
import { CAPACITY_MAX } from "../core/seats/layout.ts";
import {
  DateTimeSchema,
  describedAs,
  HoldSeconds,
  InstantSchema,
  PageOf,
  Seconds,
  StrictObject,
  Text,
  Whole,
} from "./http.ts";
import { LayoutBody } from "./layout-schemas.ts";
import {
  CountSchema,
  HOLD_MAX_MS,
  NullableSchema,
  PriceSchema,
  ShowNameSchema,
  withMessage,
} from "./values.ts";

const TimeOrNull = withMessage(
  NullableSchema(DateTimeSchema),
  "must be a time in ISO 8601 with an offset, like 2027-12-25T19:00:00Z, or null",
);
const CustomerLimit = withMessage(
  NullableSchema(Type.Integer({ minimum: 1, maximum: CAPACITY_MAX })),
  `must be a whole number from 1 to ${CAPACITY_MAX}, or null for no limit`,
);

export const CreateShowBody = StrictObject(
  {
    name: ShowNameSchema,
    startsAt: DateTimeSchema,
    ...LayoutBody.properties,
    opensAt: Type.Optional(TimeOrNull),
    closesAt: Type.Optional(TimeOrNull),
    holdSeconds: Type.Optional(HoldSeconds),
    holdMaxSeconds: Type.Optional(HoldSeconds),
    rescueSeconds: Type.Optional(Seconds(0, HOLD_MAX_MS / 1_000)),
    confirmation: Type.Optional(
      withMessage(Type.Enum([...CONFIRMATIONS]), 'must be "manual" or "automatic"'),
    ),
    cancelConfirmed: Type.Optional(withMessage(Type.Boolean(), "must be true or false")),
    maxSeatsPerBooking: Type.Optional(CountSchema),
    maxSeatsPerCustomer: Type.Optional(CustomerLimit),
    maxHoldsPerCustomer: Type.Optional(CustomerLimit),
  },
  { name: "The Lion King", startsAt: "2027-12-25T19:00:00Z", capacity: 100 },
);

/** Enough for thousands of ranges. */
const RANGES_LENGTH_MAX = 50_000;
const SECTION_CHANGES_MAX = 1_000;

const RangesText = withMessage(
  Type.String({ maxLength: RANGES_LENGTH_MAX, minLength: 1 }),
  "must be seat numbers as ascending ranges, like 1-30,45",
);

const SectionChange = withMessage(
  Type.Object(
    {
      name: withMessage(Type.String({ maxLength: 100 }), "must be the name of a section"),
      price: Type.Optional(PriceSchema),
      standing: Type.Optional(
        withMessage(
          Type.Integer({ minimum: 0, maximum: CAPACITY_MAX }),
          `must be a whole number from 0 to ${CAPACITY_MAX}`,
        ),
      ),
    },
    { additionalProperties: false, minProperties: 2 },
  ),
  "must have a name, and a price or standing places",
);

export const ChangeShowBody = StrictObject(
  {
    name: Type.Optional(ShowNameSchema),
    startsAt: Type.Optional(DateTimeSchema),
    opensAt: Type.Optional(TimeOrNull),
    closesAt: Type.Optional(TimeOrNull),
    status: Type.Optional(
      withMessage(Type.Enum([...SALES]), 'must be "open", "closed" or "cancelled"'),
    ),
    archived: Type.Optional(withMessage(Type.Boolean(), "must be true or false")),
    block: Type.Optional(describedAs(RangesText, "Seats that shall not be for sale")),
    unblock: Type.Optional(describedAs(RangesText, "Seats that shall be for sale again")),
    sections: Type.Optional(
      withMessage(
        Type.Array(SectionChange, { minItems: 1, maxItems: SECTION_CHANGES_MAX }),
        `must list 1 to ${SECTION_CHANGES_MAX} sections, each with a price or standing places`,
      ),
    ),
  },
  { status: "closed" },
);

export const ShowAnswer = describedAs(
  Type.Object({
    id: Text("A UUID"),
    number: Whole("A short number, as good as the id"),
    name: Type.String(),
    startsAt: InstantSchema,
    status: describedAs(
      Type.Enum(["scheduled", "open", "closed", "cancelled"]),
      "Scheduled until `opensAt`",
    ),
    opensAt: NullableSchema(InstantSchema),
    closesAt: NullableSchema(InstantSchema),
    archived: Type.Boolean({ description: "Out of the lists; sells nothing" }),
    currency: describedAs(NullableSchema(Type.String()), "ISO 4217; null without prices"),
    confirmation: Type.Enum([...CONFIRMATIONS], {
      description: "Whether a hold must be confirmed, or every booking is at once",
    }),
    holdSeconds: Whole("How long an unconfirmed booking keeps its seats"),
    holdMaxSeconds: Whole("How long with all its extensions"),
    rescueSeconds: Whole("How long after it a confirm still wins, if the places are free"),
    cancelConfirmed: Type.Boolean({ description: "Whether confirmed bookings may be cancelled" }),
    maxSeatsPerBooking: Type.Integer(),
    maxSeatsPerCustomer: NullableSchema(Type.Integer()),
    maxHoldsPerCustomer: NullableSchema(Type.Integer()),
    capacity: Whole("free + held + confirmed; a blocked seat counts only while it is taken"),
    free: Type.Integer(),
    held: Type.Integer(),
    confirmed: Type.Integer(),
    version: Whole("Grows with every batch that decided a request of this show"),
    hash: Text("Running hash of its decision log; docs/fairness.md tells what it proves"),
    createdAt: InstantSchema,
    updatedAt: describedAs(InstantSchema, "When its last request was decided"),
  }),
  "A show and how it sells",
);

export const ShowsAnswer = PageOf(ShowAnswer, "A page of shows in the order of their numbers");

export const SeatsAnswer = describedAs(
  Type.Object({
    version: Type.Integer(),
    capacity: Type.Integer(),
    held: Text("Seat numbers as ranges, like 3-4,9"),
    confirmed: Text("Seat numbers as ranges; what is in neither list is free, or blocked"),
    sections: Type.Optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          free: Type.Integer(),
          held: Type.Integer(),
          confirmed: Type.Integer(),
        }),
        { description: "In the layout's order; a show of one plain line has none" },
      ),
    ),
  }),
  "The seats that are not free",
);
