/**
 * Bodies and answers of the canonical HTTP API. Unknown members are refused at the door; the message
 * of a schema is the sentence that the caller reads.
 */
import { Type } from "typebox";
import type { TProperties } from "typebox";

import { BOOKING_STATUSES } from "../core/model.ts";
import {
  CAPACITY_MAX,
  CountSchema,
  CustomerSchema,
  NullableSchema,
  PaymentSchema,
  SeatsSchema,
  ShowNameSchema,
  UuidSchema,
  WANTS_MAX,
  withMessage,
} from "./values.ts";

/** An object that takes the given members and no others. */
function StrictObject<T extends TProperties>(properties: T, example?: unknown) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(example === undefined ? {} : { examples: [example] }),
  });
}

const DateTimeSchema = withMessage(
  Type.String({
    pattern:
      "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$",
  }),
  "must be a time in ISO 8601 with an offset, like 2027-12-25T19:00:00Z",
);
const InstantSchema = Type.String({ format: "date-time" });
const PlaceSchema = Type.String({ pattern: "^\\d+-\\d+$" });

export const CapacitySchema = withMessage(
  Type.Integer({ minimum: 1, maximum: CAPACITY_MAX }),
  `must be a whole number from 1 to ${CAPACITY_MAX}`,
);

export const CreateShowBody = StrictObject(
  {
    name: ShowNameSchema,
    startsAt: DateTimeSchema,
    capacity: CapacitySchema,
    holdSeconds: Type.Optional(
      withMessage(
        Type.Integer({ minimum: 1, maximum: 86_400 }),
        "must be a whole number of seconds from 1 to 86400",
      ),
    ),
    confirmation: Type.Optional(
      withMessage(Type.Enum(["manual", "automatic"]), 'must be "manual" or "automatic"'),
    ),
    cancelConfirmed: Type.Optional(withMessage(Type.Boolean(), "must be true or false")),
  },
  { name: "The Lion King", startsAt: "2027-12-25T19:00:00Z", capacity: 100 },
);

export const ShowAnswer = Type.Object({
  id: Type.String(),
  number: Type.Integer(),
  name: Type.String(),
  startsAt: InstantSchema,
  status: Type.Enum(["open"]),
  confirmation: Type.Enum(["manual", "automatic"]),
  holdSeconds: Type.Integer(),
  cancelConfirmed: Type.Boolean(),
  capacity: Type.Integer(),
  free: Type.Integer(),
  held: Type.Integer(),
  confirmed: Type.Integer(),
  version: Type.Integer(),
  createdAt: InstantSchema,
  updatedAt: InstantSchema,
});

export const ShowsAnswer = Type.Object({
  items: Type.Array(ShowAnswer),
  next: NullableSchema(Type.String()),
});

export const SeatsAnswer = Type.Object({
  version: Type.Integer(),
  capacity: Type.Integer(),
  held: Type.String(),
  confirmed: Type.String(),
});

const WantBody = withMessage(
  Type.Union([StrictObject({ seats: SeatsSchema }), StrictObject({ count: CountSchema })]),
  'must be {"seats": […]} or {"count": n}',
);

export const BookBody = StrictObject(
  {
    showId: UuidSchema,
    customer: Type.Optional(CustomerSchema),
    count: Type.Optional(CountSchema),
    seats: Type.Optional(SeatsSchema),
    wants: Type.Optional(
      withMessage(
        Type.Array(WantBody, { minItems: 1, maxItems: WANTS_MAX }),
        `must list ${WANTS_MAX} want, {"seats": […]} or {"count": n}`,
      ),
    ),
    confirm: Type.Optional(withMessage(Type.Enum(["now"]), 'must be "now", or left out')),
  },
  { showId: "{{showId}}", customer: "c-1042", count: 2 },
);

export const QueuedAnswer = Type.Object({
  id: Type.String(),
  showId: NullableSchema(Type.String()),
  status: Type.Enum(["QUEUED"]),
  place: NullableSchema(PlaceSchema),
  ahead: Type.Integer(),
  etaSeconds: Type.Number(),
  stalled: Type.Boolean(),
  pollAfterMs: Type.Integer(),
});

export const BookingAnswer = Type.Object({
  id: Type.String(),
  showId: Type.String(),
  status: Type.Enum([...BOOKING_STATUSES]),
  reason: Type.Optional(Type.String()),
  seats: Type.Array(Type.Integer()),
  labels: Type.Array(Type.String()),
  standing: Type.Optional(
    Type.Array(Type.Object({ section: Type.String(), count: Type.Integer() })),
  ),
  want: NullableSchema(Type.Integer()),
  price: NullableSchema(Type.Integer()),
  customer: NullableSchema(Type.String()),
  place: PlaceSchema,
  expiresAt: NullableSchema(InstantSchema),
  createdAt: InstantSchema,
  decidedAt: InstantSchema,
  confirmedAt: NullableSchema(InstantSchema),
  payment: NullableSchema(Type.String()),
  rescued: Type.Boolean(),
});

export const BookingsAnswer = Type.Object({
  items: Type.Array(BookingAnswer),
  next: NullableSchema(Type.String()),
});

export const ConfirmBody = StrictObject({ payment: Type.Optional(PaymentSchema) });
export const EmptyBody = StrictObject({});

export const ProblemAnswer = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    reason: Type.String(),
    detail: Type.String(),
  },
  { additionalProperties: true },
);

export const ExpiryRunAnswer = Type.Object({
  requested: Type.Integer(),
  expired: Type.Integer(),
});

export const LineAnswer = Type.Object({
  partitions: Type.Array(
    Type.Object({
      partition: Type.Integer(),
      next: Type.Integer(),
      end: Type.Integer(),
      lag: Type.Integer(),
      drainPerSecond: Type.Integer(),
      stalled: Type.Boolean(),
    }),
  ),
  lag: Type.Integer(),
});

const CheckSchema = Type.Enum(["ok", "down"]);

export const ReadyAnswer = Type.Object({
  status: Type.Enum(["ready", "not-ready"]),
  checks: Type.Object({ kafka: CheckSchema, outcomes: CheckSchema, postgres: CheckSchema }),
});
