/** Bodies and answers about bookings. */
import { Type } from "typebox";

import { BOOKING_STATUSES } from "../core/model.ts";
import {
  DateTimeSchema,
  describedAs,
  HoldSeconds,
  InstantSchema,
  PageOf,
  PlaceSchema,
  StrictObject,
  Text,
} from "./http.ts";
import {
  CountSchema,
  CustomerSchema,
  GroupsSchema,
  NullableSchema,
  PLACES_PER_BOOKING_MAX,
  PaymentSchema,
  SeatsSchema,
  SectionNameSchema,
  UuidSchema,
  WANTS_MAX,
  wantFilter,
  withMessage,
} from "./values.ts";

const WantBody = withMessage(
  StrictObject({
    seats: Type.Optional(SeatsSchema),
    together: Type.Optional(GroupsSchema),
    count: Type.Optional(CountSchema),
    ...wantFilter,
  }),
  'must be {"seats": […]}, {"together": […]} or {"count": n}, narrowed by sections, priceMax or accessible',
);

const AsStaff = describedAs(
  withMessage(Type.Enum(["staff"]), 'must be "staff", or left out'),
  "For admins: may name blocked seats, and cancel what the show's rule would keep",
);

/** Stands where a reader puts an id of their own. */
export const EXAMPLE_SHOW_ID = "01990000-0000-7000-8000-000000000000";

export const BookBody = StrictObject(
  {
    showId: UuidSchema,
    customer: Type.Optional(CustomerSchema),
    count: Type.Optional(CountSchema),
    seats: Type.Optional(SeatsSchema),
    together: Type.Optional(GroupsSchema),
    ...wantFilter,
    wants: Type.Optional(
      withMessage(
        Type.Array(WantBody, { minItems: 1, maxItems: WANTS_MAX }),
        `must list 1 to ${WANTS_MAX} wants, tried in order`,
      ),
    ),
    ifUnavailable: Type.Optional(
      describedAs(
        withMessage(Type.Enum(["wait"]), 'must be "wait", or left out'),
        "Stay on the waiting list where nothing that is wanted is free",
      ),
    ),
    waitUntil: Type.Optional(describedAs(DateTimeSchema, "At the latest; else the show's start")),
    confirm: Type.Optional(
      describedAs(
        withMessage(Type.Enum(["now"]), 'must be "now", or left out'),
        "For admins: confirmed at once, without a hold",
      ),
    ),
    as: Type.Optional(AsStaff),
  },
  { showId: EXAMPLE_SHOW_ID, customer: "c-1042", count: 2 },
);

export const BookingAnswer = describedAs(
  Type.Object({
    id: Type.String(),
    showId: Type.String(),
    status: Type.Enum([...BOOKING_STATUSES]),
    reason: Type.Optional(
      Text("Why it is FAILED, WAITING or CANCELLED; /problems/:reason explains it"),
    ),
    rank: Type.Optional(
      describedAs(NullableSchema(Type.Integer()), "While WAITING: 1 is served first"),
    ),
    seats: Type.Array(Type.Integer()),
    labels: Type.Array(Type.String(), { description: "The seats as they stand on a ticket" }),
    standing: Type.Optional(
      Type.Array(Type.Object({ section: Type.String(), count: Type.Integer() })),
    ),
    want: describedAs(NullableSchema(Type.Integer()), "Which of the wants was taken, from 0"),
    price: describedAs(
      NullableSchema(Type.Integer()),
      "Of all its places, in minor units, fixed when it got them; null without prices",
    ),
    customer: NullableSchema(Type.String()),
    place: PlaceSchema,
    expiresAt: describedAs(
      NullableSchema(InstantSchema),
      "When an unconfirmed hold lapses, or waiting ends",
    ),
    createdAt: describedAs(InstantSchema, "When the request reached the line"),
    decidedAt: InstantSchema,
    confirmedAt: NullableSchema(InstantSchema),
    payment: describedAs(NullableSchema(Type.String()), "What the confirm brought"),
    rescued: Type.Boolean({ description: "Confirmed after its hold had lapsed" }),
  }),
  "A booking",
);

export const BookingsAnswer = PageOf(BookingAnswer, "A page of bookings in the order of their ids");

export const ConfirmBody = StrictObject({ payment: Type.Optional(PaymentSchema) });

export const ExtendBody = StrictObject({
  seconds: Type.Optional(
    describedAs(HoldSeconds, "From now on; left out, as long as a new hold of the show"),
  ),
});

const KeptStanding = withMessage(
  StrictObject({
    section: SectionNameSchema,
    keep: withMessage(
      Type.Integer({ minimum: 0, maximum: PLACES_PER_BOOKING_MAX }),
      `must be a whole number from 0 to ${PLACES_PER_BOOKING_MAX}`,
    ),
  }),
  'must be {"section": "…", "keep": n}',
);

export const CancelBody = StrictObject({
  seats: Type.Optional(describedAs(SeatsSchema, "Only these; left out with `standing`, all")),
  standing: Type.Optional(
    describedAs(
      withMessage(
        Type.Array(KeptStanding, { minItems: 1, maxItems: PLACES_PER_BOOKING_MAX }),
        `must list 1 to ${PLACES_PER_BOOKING_MAX} sections, each with how many of its places are kept`,
      ),
      "How many of a section's standing places are kept, so that asking twice is asking once",
    ),
  ),
  as: Type.Optional(AsStaff),
});
