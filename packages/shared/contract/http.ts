/**
 * Bodies and answers of the canonical HTTP API. Unknown members are refused at the door; the message
 * of a schema is the sentence that the caller reads.
 */
import { Type } from "typebox";
import type { TProperties, TSchema } from "typebox";

import { BOOKING_STATUSES, CONFIRMATIONS } from "../core/model.ts";
import {
  CAPACITY_MAX,
  CountSchema,
  CustomerSchema,
  HOLD_MAX_MS,
  HOLD_MIN_MS,
  NullableSchema,
  PaymentSchema,
  SeatsSchema,
  ShowNameSchema,
  UuidSchema,
  WANTS_MAX,
  withMessage,
} from "./values.ts";

/** Longer than this nobody waits on one connection; then they ask again. */
export const WAIT_MAX_S = 30;
/** Without a credential a key must be one that nobody guesses: a UUID has 36 characters. */
export const UNGUESSABLE_KEY_LENGTH = 22;

/** A schema with a sentence for whoever reads the description of the API. */
export function describedAs<T extends TSchema>(schema: T, description: string): T {
  return { ...schema, description };
}

function Text(description: string) {
  return Type.String({ description });
}

function Whole(description: string) {
  return Type.Integer({ description });
}

/** An object that takes the given members and no others. */
function StrictObject<T extends TProperties>(properties: T, example?: unknown) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(example === undefined ? {} : { examples: [example] }),
  });
}

function PageOf<T extends TSchema>(item: T, description: string) {
  const next = describedAs(
    NullableSchema(Type.String()),
    "`after` of the next page; null on the last",
  );
  return Type.Object({ items: Type.Array(item), next }, { description });
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
        Type.Integer({ minimum: HOLD_MIN_MS / 1_000, maximum: HOLD_MAX_MS / 1_000 }),
        `must be a whole number of seconds from ${HOLD_MIN_MS / 1_000} to ${HOLD_MAX_MS / 1_000}`,
      ),
    ),
    confirmation: Type.Optional(
      withMessage(Type.Enum([...CONFIRMATIONS]), 'must be "manual" or "automatic"'),
    ),
    cancelConfirmed: Type.Optional(withMessage(Type.Boolean(), "must be true or false")),
  },
  { name: "The Lion King", startsAt: "2027-12-25T19:00:00Z", capacity: 100 },
);

export const ShowAnswer = describedAs(
  Type.Object({
    id: Text("A UUID"),
    number: Whole("A short number, as good as the id"),
    name: Type.String(),
    startsAt: InstantSchema,
    status: Type.Enum(["open"]),
    confirmation: Type.Enum([...CONFIRMATIONS], {
      description: "Whether a hold must be confirmed, or every booking is at once",
    }),
    holdSeconds: Whole("How long an unconfirmed booking keeps its seats"),
    cancelConfirmed: Type.Boolean({ description: "Whether confirmed bookings may be cancelled" }),
    capacity: Whole("free + held + confirmed"),
    free: Type.Integer(),
    held: Type.Integer(),
    confirmed: Type.Integer(),
    version: Whole("Grows with every change of the show or its seats"),
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
    confirmed: Text("Seat numbers as ranges; what is in neither list is free"),
  }),
  "The seats that are not free",
);

const WantBody = withMessage(
  Type.Union([StrictObject({ seats: SeatsSchema }), StrictObject({ count: CountSchema })]),
  'must be {"seats": […]} or {"count": n}',
);

/** Stands where a reader puts an id of their own. */
export const EXAMPLE_SHOW_ID = "01990000-0000-7000-8000-000000000000";

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
  { showId: EXAMPLE_SHOW_ID, customer: "c-1042", count: 2 },
);

export const QueuedAnswer = describedAs(
  Type.Object({
    id: Text("The booking's id, for ever"),
    showId: NullableSchema(Type.String()),
    status: Type.Enum(["QUEUED"]),
    place: describedAs(
      NullableSchema(PlaceSchema),
      "Partition and offset: the position in the line, for ever",
    ),
    ahead: Whole("How many requests will be decided before this one; it never grows"),
    etaSeconds: Type.Number({ description: "At the speed of the moment" }),
    stalled: Type.Boolean({ description: "Nothing was decided in this line for some seconds" }),
    pollAfterMs: Whole("When to ask again"),
  }),
  "In the line, not decided yet",
);

export const BookingAnswer = describedAs(
  Type.Object({
    id: Type.String(),
    showId: Type.String(),
    status: Type.Enum([...BOOKING_STATUSES]),
    reason: Type.Optional(Text("Why it is FAILED; /problems/:reason explains it")),
    seats: Type.Array(Type.Integer()),
    labels: Type.Array(Type.String(), { description: "The seats as they stand on a ticket" }),
    standing: Type.Optional(
      Type.Array(Type.Object({ section: Type.String(), count: Type.Integer() })),
    ),
    want: describedAs(NullableSchema(Type.Integer()), "Which of the wants was taken, from 0"),
    price: describedAs(NullableSchema(Type.Integer()), "Null: shows have no prices yet"),
    customer: NullableSchema(Type.String()),
    place: PlaceSchema,
    expiresAt: describedAs(NullableSchema(InstantSchema), "When an unconfirmed hold lapses"),
    createdAt: describedAs(InstantSchema, "When the request reached the line"),
    decidedAt: InstantSchema,
    confirmedAt: NullableSchema(InstantSchema),
    payment: describedAs(NullableSchema(Type.String()), "What the confirm brought"),
    rescued: Type.Boolean({ description: "Always false yet: no late confirm is rescued" }),
  }),
  "A booking",
);

export const BookingsAnswer = PageOf(BookingAnswer, "A page of bookings in the order of their ids");

export const ConfirmBody = StrictObject({ payment: Type.Optional(PaymentSchema) });
export const EmptyBody = StrictObject({});

export const ProblemAnswer = Type.Object(
  {
    type: Text("/problems/ and the reason"),
    title: Type.String(),
    status: Type.Integer(),
    reason: Text("For programs; the list is part of the contract"),
    detail: Text("For people, with the numbers of the moment"),
  },
  { additionalProperties: true, description: "A problem document (RFC 9457)" },
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

/** A member of a query string; given twice it would be a list. */
export const QueryText = withMessage(Type.String(), "must be given once");

export const PreferHeader = Type.Object({
  prefer: Type.Optional(
    Text(
      `\`wait=n\`: answer when it is decided, at the latest after n seconds, at most ${WAIT_MAX_S} (RFC 7240)`,
    ),
  ),
});

const KEY_DESCRIPTION =
  "Makes a repetition safe: the same key with the same body gives the same answer, also after a 503, " +
  "another body is refused as `key-reused`. 1 to 255 printable characters; without a credential at least " +
  `${UNGUESSABLE_KEY_LENGTH}, so that nobody guesses it (a UUID does). A key belongs to the credential that ` +
  "it came with, or else to the customer.";

export const KeyHeaders = Type.Object({
  ...PreferHeader.properties,
  "idempotency-key": Type.Optional(Text(KEY_DESCRIPTION)),
});

export const GetBookingHeaders = Type.Object({
  ...PreferHeader.properties,
  "if-none-match": Type.Optional(
    Text("The ETag of what is known already: with `Prefer`, the next change is waited for"),
  ),
});

export const EtagHeader = Type.Object({
  "if-none-match": Type.Optional(Text("The ETag of what is known already: then 304")),
});

export const NotModified = Type.Unsafe<undefined>({
  type: "null",
  description: "Nothing has changed; no body",
});
