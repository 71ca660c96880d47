/**
 * What bodies and answers of the canonical HTTP API have in common. Unknown members are refused at the
 * door; the message of a schema is the sentence that the caller reads.
 */
import { Type } from "typebox";
import type { TProperties, TSchema } from "typebox";

import { HOLD_MAX_MS, HOLD_MIN_MS, NullableSchema, withMessage } from "./values.ts";

/** Longer than this nobody waits on one connection; then they ask again. */
export const WAIT_MAX_S = 30;
/** Without a credential a key must be one that nobody guesses: a UUID has 36 characters. */
export const UNGUESSABLE_KEY_LENGTH = 22;
/** What a queued booking may expect, best first; docs/outlook.md tells the rule. */
export const VERDICTS = ["likely", "uncertain", "unlikely"] as const;
export type Verdict = (typeof VERDICTS)[number];

/** A schema with a sentence for whoever reads the description of the API. */
export function describedAs<T extends TSchema>(schema: T, description: string): T {
  return { ...schema, description };
}

export function Text(description: string) {
  return Type.String({ description });
}

export function Whole(description: string) {
  return Type.Integer({ description });
}

/** An object that takes the given members and no others. */
export function StrictObject<T extends TProperties>(properties: T, example?: unknown) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(example === undefined ? {} : { examples: [example] }),
  });
}

export function PageOf<T extends TSchema>(item: T, description: string) {
  const next = describedAs(
    NullableSchema(Type.String()),
    "`after` of the next page; null on the last",
  );
  return Type.Object({ items: Type.Array(item), next }, { description });
}

export const DateTimeSchema = withMessage(
  Type.String({
    pattern:
      "^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,9})?)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$",
  }),
  "must be a time in ISO 8601 with an offset, like 2027-12-25T19:00:00Z",
);
export const InstantSchema = Type.String({ format: "date-time" });
export const PlaceSchema = Type.String({ pattern: "^\\d+-\\d+$" });

/** A whole number of seconds, of which the messages of the line have milliseconds. */
export function Seconds(min: number, max: number) {
  return withMessage(
    Type.Integer({ minimum: min, maximum: max }),
    `must be a whole number of seconds from ${min} to ${max}`,
  );
}

export const HoldSeconds = Seconds(HOLD_MIN_MS / 1_000, HOLD_MAX_MS / 1_000);
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
    free: describedAs(NullableSchema(Type.Integer()), "Places of the show that are free now"),
    wantedAhead: describedAs(
      NullableSchema(Type.Integer()),
      "Places of the show that are asked for ahead in the line",
    ),
    verdict: describedAs(
      NullableSchema(Type.Enum([...VERDICTS])),
      "Will any be left? docs/outlook.md tells the rule; null where nothing is known",
    ),
  }),
  "In the line, not decided yet",
);

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
