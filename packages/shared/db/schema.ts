/**
 * The tables. Drizzle owns them and their migrations; the hot path talks to them in SQL of its own.
 * Every index must earn its place (each costs the commit dearly), and there is no foreign key to
 * shows: checking one would lock the row that all bookings of a show are about.
 */
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  customType,
  index,
  integer,
  json,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from "drizzle-orm/pg-core";

import type { Layout } from "../core/seats/layout.ts";
import { BOOKING_STATUSES, SALES } from "../core/model.ts";
import type { Booking, RefusalFacts, ShowRules, StandingPlaces, Want } from "../core/model.ts";

const bytea = customType<{ data: Buffer }>({ dataType: () => "bytea" });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3, mode: "date" });
const count = (name: string) => bigint(name, { mode: "number" });

export const shows = pgTable(
  "shows",
  {
    id: uuid("id").primaryKey(),
    /** The short number people use: 1, 2, 3 …; a failed commit may leave a gap. */
    number: integer("number").generatedAlwaysAsIdentity().unique().notNull(),
    /** Where the request to create it stands in its line. */
    partition: smallint("partition").notNull(),
    lineOffset: count("line_offset").notNull(),
    name: text("name").notNull(),
    startsAt: time("starts_at").notNull(),
    layout: jsonb("layout").$type<Layout>().notNull(),
    rules: jsonb("rules").$type<ShowRules>().notNull(),
    opensAt: time("opens_at"),
    closesAt: time("closes_at"),
    sale: text("sale", { enum: SALES }).notNull(),
    archived: boolean("archived").notNull(),
    requestHash: bytea("request_hash").notNull(),
    capacity: integer("capacity").notNull(),
    free: integer("free").notNull(),
    held: integer("held").notNull(),
    confirmed: integer("confirmed").notNull(),
    version: count("version").notNull(),
    hash: bytea("hash").notNull(),
    createdAt: time("created_at").notNull(),
    updatedAt: time("updated_at").notNull(),
  },
  (table) => [
    check(
      "shows_conservation",
      sql`${table.free} + ${table.held} + ${table.confirmed} = ${table.capacity}`,
    ),
    check(
      "shows_not_negative",
      sql`${table.free} >= 0 and ${table.held} >= 0 and ${table.confirmed} >= 0`,
    ),
  ],
);

export const bookings = pgTable(
  "bookings",
  {
    id: uuid("id").primaryKey(),
    showId: uuid("show_id").notNull(),
    partition: smallint("partition").notNull(),
    lineOffset: count("line_offset").notNull(),
    requestHash: bytea("request_hash").notNull(),
    customer: text("customer"),
    // Not jsonb, which would put the members in another order: what is loaded is written into records again,
    // and these must be the same text whether a booking came from here or was still in memory.
    wants: json("wants").$type<Want[]>().notNull(),
    confirmNow: boolean("confirm_now").notNull(),
    status: text("status", { enum: BOOKING_STATUSES }).notNull(),
    reason: text("reason"),
    facts: json("facts").$type<RefusalFacts>(),
    want: smallint("want"),
    seats: integer("seats").array().notNull(),
    standing: json("standing").$type<StandingPlaces[]>().notNull(),
    returned: integer("returned").array().notNull(),
    price: count("price"),
    prices: json("prices").$type<Booking["prices"]>(),
    payment: text("payment"),
    rescued: boolean("rescued").notNull(),
    createdAt: time("created_at").notNull(),
    decidedAt: time("decided_at").notNull(),
    updatedAt: time("updated_at").notNull(),
    expiresAt: time("expires_at"),
    holdLimit: time("hold_limit"),
    confirmedAt: time("confirmed_at"),
  },
  (table) => [
    // Serves the sweep without touching the table, and a new owner who loads who holds and who waits.
    index("bookings_deadlines")
      .on(table.expiresAt, table.id, table.showId)
      .where(sql`status in ('PENDING', 'WAITING')`),
    // A show's bookings in the order of its line: for lists, exports and the end of a show. It only ever
    // grows at one end per show, and no update touches it.
    index("bookings_show").on(table.showId, table.lineOffset),
  ],
);

export const seats = pgTable(
  "seats",
  {
    showId: uuid("show_id").notNull(),
    seatNo: integer("seat_no").notNull(),
    bookingId: uuid("booking_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.showId, table.seatNo] })],
);

/** What customers have of a show that limits them. */
export const customers = pgTable(
  "customers",
  {
    showId: uuid("show_id").notNull(),
    customer: text("customer").notNull(),
    places: integer("places").notNull(),
    holds: integer("holds").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.showId, table.customer] }),
    check("customers_not_negative", sql`${table.places} >= 0 and ${table.holds} >= 0`),
  ],
);

export const sections = pgTable(
  "sections",
  {
    showId: uuid("show_id").notNull(),
    section: smallint("section").notNull(),
    capacity: integer("capacity").notNull(),
    held: integer("held").notNull(),
    confirmed: integer("confirmed").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.showId, table.section] }),
    check("sections_not_oversold", sql`${table.held} + ${table.confirmed} <= ${table.capacity}`),
    check("sections_not_negative", sql`${table.held} >= 0 and ${table.confirmed} >= 0`),
  ],
);

export const partitions = pgTable("partitions", {
  partition: smallint("partition").primaryKey(),
  /** The next undecided offset. */
  nextOffset: count("next_offset").notNull(),
  /** Covers every record so far; with the offset, the fence. */
  tail: bytea("tail").notNull(),
  /** The first offset of the next record to be published, as far as is known. */
  publishedOffset: count("published_offset").notNull(),
  /** The running maximum of the broker's append times. */
  logClock: time("log_clock").notNull(),
  /** SHA-256 of the last decided message, by which a replaced topic is noticed. */
  lastDigest: bytea("last_digest"),
});

/** The topic that this database was made with: one row, written by the migrate step. */
export const line = pgTable(
  "line",
  {
    isOnly: boolean("is_only").primaryKey().default(true),
    /** Of its requests. */
    topic: text("topic").notNull(),
    /** Stands in the topic's configuration, too, by which each is known to belong to the other. */
    lineId: text("line_id").notNull(),
  },
  (table) => [check("line_is_only", sql`${table.isOnly}`)],
);

export const records = pgTable(
  "records",
  {
    partition: smallint("partition").notNull(),
    firstOffset: count("first_offset").notNull(),
    nextOffset: count("next_offset").notNull(),
    body: text("body").notNull(),
    tail: bytea("tail").notNull(),
    createdAt: time("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.partition, table.firstOffset] })],
);

/**
 * Batches that were decided before a backup was restored that does not have them: where each ends, and
 * by which clock it was decided. Written by the migrate step, and of use until they are decided again.
 */
export const redo = pgTable(
  "redo",
  {
    partition: smallint("partition").notNull(),
    firstOffset: count("first_offset").notNull(),
    nextOffset: count("next_offset").notNull(),
    now: time("now").notNull(),
    /** The tail hash that it had. */
    tail: bytea("tail").notNull(),
  },
  (table) => [primaryKey({ columns: [table.partition, table.firstOffset] })],
);

export const deadLetters = pgTable(
  "dead_letters",
  {
    partition: smallint("partition").notNull(),
    lineOffset: count("line_offset").notNull(),
    key: bytea("key"),
    value: bytea("value"),
    fault: text("fault").notNull(),
    createdAt: time("created_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.partition, table.lineOffset] })],
);
