/**
 * Records: what a committed batch leaves behind for readers (topic `seatline.outcomes`, table
 * `records`). Outbox, audit log and replay check in one.
 */
import { hash } from "node:crypto";

import { Type } from "typebox";
import { Compile } from "typebox/compile";

import { assert } from "../core/assert.ts";
import type { Outcome } from "../core/decision.ts";
import { BOOKING_STATUSES, LIMITS, REFUSAL_REASONS } from "../core/model.ts";
import type { Booking } from "../core/model.ts";
import { WantSchema } from "./request.ts";
import { HashSchema, NullableSchema, TimeSchema } from "./values.ts";

export const RECORD_VERSION = 1;

const Offset = Type.Integer({ minimum: 0 });
const ReasonSchema = Type.Enum([...REFUSAL_REASONS]);
const FactsSchema = Type.Object({
  free: Type.Optional(Type.Integer()),
  held: Type.Optional(Type.Integer()),
  seats: Type.Optional(Type.Array(Type.Integer())),
  sections: Type.Optional(Type.Array(Type.String())),
  opensAt: Type.Optional(TimeSchema),
  closesAt: Type.Optional(TimeSchema),
  limitOf: Type.Optional(Type.Enum([...LIMITS])),
  limit: Type.Optional(Type.Integer()),
  used: Type.Optional(Type.Integer()),
});

const BookingSchema = Type.Object({
  id: Type.String(),
  showId: Type.String(),
  place: Type.Object({ partition: Type.Integer(), offset: Offset }),
  requestHash: Type.String(),
  customer: NullableSchema(Type.String()),
  wants: Type.Array(WantSchema),
  confirmNow: Type.Boolean(),
  status: Type.Enum([...BOOKING_STATUSES]),
  reason: NullableSchema(ReasonSchema),
  facts: NullableSchema(FactsSchema),
  want: NullableSchema(Type.Integer()),
  seats: Type.Array(Type.Integer()),
  standing: Type.Array(Type.Object({ section: Type.Integer(), count: Type.Integer() })),
  returned: Type.Array(Type.Integer()),
  price: NullableSchema(Type.Integer()),
  prices: NullableSchema(
    Type.Array(Type.Object({ section: Type.Integer(), price: Type.Integer() })),
  ),
  payment: NullableSchema(Type.String()),
  rescued: Type.Boolean(),
  createdAt: TimeSchema,
  decidedAt: TimeSchema,
  updatedAt: TimeSchema,
  expiresAt: NullableSchema(TimeSchema),
  holdLimit: NullableSchema(TimeSchema),
  confirmedAt: NullableSchema(TimeSchema),
});

const OutcomeSchema = Type.Union([
  Type.Object({ kind: Type.Literal("show"), showId: Type.String() }),
  Type.Object({ kind: Type.Literal("booking"), bookingId: Type.String() }),
  Type.Object({
    kind: Type.Literal("refused"),
    reason: ReasonSchema,
    facts: NullableSchema(FactsSchema),
    bookingId: NullableSchema(Type.String()),
  }),
]);

export const RecordEntrySchema = Type.Object({
  partition: Type.Integer(),
  offset: Offset,
  appendedAt: TimeSchema,
  now: TimeSchema,
  request: NullableSchema(Type.String()),
  requestId: NullableSchema(Type.String()),
  showId: NullableSchema(Type.String()),
  deadLetter: NullableSchema(Type.String()),
  outcome: OutcomeSchema,
  changesShow: Type.Boolean(),
  changed: Type.Array(BookingSchema),
  unchanged: NullableSchema(BookingSchema),
  followUp: NullableSchema(Type.Object({ showId: Type.String(), message: Type.String() })),
});

const RecordShowSchema = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  updatedAt: TimeSchema,
  capacity: Type.Integer(),
  free: Type.Integer(),
  held: Type.Integer(),
  confirmed: Type.Integer(),
  standing: Type.Array(
    Type.Object({
      section: Type.Integer(),
      free: Type.Integer(),
      held: Type.Integer(),
      confirmed: Type.Integer(),
    }),
  ),
  seats: Type.Object({ free: Type.String(), held: Type.String(), confirmed: Type.String() }),
  hash: HashSchema,
});

const RecordSchema = Type.Object({
  v: Type.Literal(RECORD_VERSION),
  partition: Type.Integer(),
  first: Offset,
  next: Offset,
  previousTail: HashSchema,
  entries: Type.Array(RecordEntrySchema),
  shows: Type.Array(RecordShowSchema),
});

/** One message of the line and what became of it. */
export type RecordEntry = {
  readonly partition: number;
  readonly offset: number;
  readonly appendedAt: number;
  /** The worker's clock of its batch, by which holds start. */
  readonly now: number;
  /** The message's value as it stood in the topic; null where it was not text. */
  readonly request: string | null;
  /** Whom the outcome is for; null where the message did not say. */
  readonly requestId: string | null;
  /** The show in whose running hash it stands; null where there is no such show. */
  readonly showId: string | null;
  /** Set when the message was parked as a dead letter: why. */
  readonly deadLetter: string | null;
  readonly outcome: Outcome;
  /** Whether it created or changed the show itself; what that is now, its row says. */
  readonly changesShow: boolean;
  /** Every booking that this entry changed, as it stood after it, in order. */
  readonly changed: readonly Booking[];
  /** The booking that the outcome speaks of, where this entry did not change it. */
  readonly unchanged: Booking | null;
  /** A request of the worker's own that must be put into the line behind it. */
  readonly followUp: { readonly showId: string; readonly message: string } | null;
};

export type RecordShow = {
  readonly id: string;
  /** Version after this record. It grows by one with each record that touches the show. */
  readonly version: number;
  /** When the last of its entries was decided. */
  readonly updatedAt: number;
  readonly capacity: number;
  readonly free: number;
  readonly held: number;
  readonly confirmed: number;
  /** The standing sections, all of them, by their index in the layout. */
  readonly standing: readonly {
    readonly section: number;
    readonly free: number;
    readonly held: number;
    readonly confirmed: number;
  }[];
  /** The seats that this record made free, held or confirmed, as ranges. */
  readonly seats: { readonly free: string; readonly held: string; readonly confirmed: string };
  /** The show's running hash over its entries (SHA-256, chained, hex). */
  readonly hash: string;
};

export type LineRecord = {
  readonly v: typeof RECORD_VERSION;
  readonly partition: number;
  readonly first: number;
  readonly next: number;
  /** The tail hash that this record was decided on. */
  readonly previousTail: string;
  readonly entries: readonly RecordEntry[];
  readonly shows: readonly RecordShow[];
};

const check = Compile(RecordSchema);
const entryCheck = Compile(RecordEntrySchema);

/** The tail hash before the first record of a partition. */
export const FIRST_TAIL = "0".repeat(64);

/**
 * The text of an entry: what stands in the record, and what the show's running hash covers. Throws an
 * AssertionError for one that no reader could read: it must not be committed.
 */
export function encodeEntry(entry: RecordEntry): string {
  assert(entryCheck.Check(entry), `the entry at offset ${entry.offset} can be read again`);
  return JSON.stringify(entry);
}

/** The body of a record, made of the texts of its entries, and the tail hash that covers it. */
export function encodeRecord(
  { shows, ...head }: Omit<LineRecord, "entries">,
  entries: readonly string[],
): { body: string; tail: string } {
  const body = `${JSON.stringify(head).slice(0, -1)},"shows":${JSON.stringify(shows)},"entries":[${entries.join(",")}]}`;
  return { body, tail: hashChain(head.previousTail, body) };
}

/** Reads a record; null if the text is none that this version can read. */
export function parseRecord(body: string): LineRecord | null {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return null;
  }
  return check.Check(json) ? json : null;
}

/** The next link of a chain of hashes: SHA-256 over the link before (hex) and the text, as hex. */
export function hashChain(previous: string, text: string): string {
  return hash("sha256", previous + text);
}
