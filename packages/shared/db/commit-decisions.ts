/**
 * The one way in which anything of the sale is written: `commit_decisions`, one statement for a whole
 * batch. Also the step before it: many writes of a batch become the few that the tables need.
 */
import type { LineRecord } from "../contract/record.ts";
import { assert } from "../core/assert.ts";
import { layoutCapacity, sectionCapacity } from "../core/layout.ts";
import type { Booking, ShowFacts, Write } from "../core/model.ts";
import { isLive } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import type { Sql } from "./client.ts";

export type SeatClaim = {
  readonly showId: string;
  readonly seat: number;
  readonly bookingId: string;
};
export type DeadLetter = {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly fault: string;
};

/** What a batch changes, with every booking and seat in it once. */
export type NetWrites = {
  readonly showsCreated: readonly ShowFacts[];
  readonly bookings: readonly { readonly isNew: boolean; readonly booking: Booking }[];
  readonly released: readonly SeatClaim[];
  readonly taken: readonly SeatClaim[];
};

/** Folds the writes of a batch, in order, into their net effect. */
export function buildNetWrites(writes: readonly Write[]): NetWrites {
  const showsCreated: ShowFacts[] = [];
  const changes = new Map<string, { first: Booking | null; last: Booking }>();
  for (const write of writes) {
    if (write.kind === "show-created") {
      showsCreated.push(write.show);
      continue;
    }
    const known = changes.get(write.after.id);
    if (known === undefined) {
      changes.set(write.after.id, { first: write.before, last: write.after });
    } else known.last = write.after;
  }
  const bookings: { isNew: boolean; booking: Booking }[] = [];
  const released: SeatClaim[] = [];
  const taken: SeatClaim[] = [];
  for (const { first, last } of changes.values()) {
    // A booking keeps its seats from hold to confirmation: they are chosen once.
    if (first !== null && isLive(first) && !isLive(last)) released.push(...claims(first));
    if ((first === null || !isLive(first)) && isLive(last)) taken.push(...claims(last));
    bookings.push({ isNew: first === null, booking: last });
  }
  return { showsCreated, bookings, released, taken };
}

function claims({ id, showId, seats }: Booking): SeatClaim[] {
  return seats.map((seat) => ({ showId, seat, bookingId: id }));
}

export type Batch = {
  /**
   * What is committed, as everybody will read it. Where it begins and the tail it was decided on are
   * the fence.
   */
  readonly record: LineRecord;
  /** The record's text, and the tail hash that covers it. */
  readonly body: string;
  readonly tail: string;
  readonly logClock: number;
  /** By this the last message is known again; see `digestMessage`. */
  readonly lastDigest: string;
  /** Up to where earlier records are known to be published. */
  readonly published: number;
  readonly net: NetWrites;
  /** The state after the batch. */
  readonly state: LineState;
  readonly deadLetters: readonly DeadLetter[];
};

export type CommitResult = { readonly committed: boolean; readonly clockMs: number };

/**
 * Commits a batch, whole or not at all. `committed: false` means fenced: the partition is not where
 * the batch began, so somebody else owns it, and nothing was written. `clockMs` is the database's clock.
 * Throws what the driver throws; if the answer was lost, only Postgres knows whether it happened.
 */
export async function commitDecisions(sql: Sql, batch: Batch): Promise<CommitResult> {
  const { record, net } = batch;
  const created = new Set(net.showsCreated.map(({ id }) => id));
  const shows = record.shows.filter(({ id }) => !created.has(id));
  const sections = buildSectionRows(batch);
  const bookings = net.bookings.map(({ booking }) => booking);
  const [row] = await sql<{ committed: boolean; clockMs: number }[]>`
    select committed, clock_ms::float8 as "clockMs" from commit_decisions(
      ${record.partition}::smallint, ${record.first}::bigint, ${record.previousTail}::text,
      ${record.next}::bigint, ${batch.tail}::text, ${batch.published}::bigint,
      ${batch.logClock}::bigint, ${batch.lastDigest}::text, ${batch.body}::text,
      ${JSON.stringify(buildNewShowRows(batch))}::text::jsonb,
      ${shows.map((show) => show.id)}::uuid[], ${shows.map((show) => show.version - 1)}::bigint[],
      ${shows.map((show) => show.free)}::int[], ${shows.map((show) => show.held)}::int[],
      ${shows.map((show) => show.confirmed)}::int[], ${shows.map((show) => show.hash)}::text[],
      ${shows.map((show) => show.updatedAt)}::bigint[],
      ${bookings.map((booking) => booking.id)}::uuid[], ${net.bookings.map(({ isNew }) => String(isNew))}::text[]::boolean[],
      ${bookings.map((booking) => booking.showId)}::uuid[],
      ${bookings.map((booking) => booking.place.offset)}::bigint[],
      ${bookings.map((booking) => booking.requestHash)}::text[],
      ${bookings.map((booking) => booking.customer)}::text[],
      ${bookings.map((booking) => JSON.stringify(booking.wants))}::text[],
      ${bookings.map((booking) => booking.status)}::text[],
      ${bookings.map((booking) => booking.reason)}::text[],
      ${bookings.map(({ facts }) => (facts === null ? null : JSON.stringify(facts)))}::text[],
      ${bookings.map((booking) => booking.want)}::smallint[],
      ${bookings.map(({ seats }) => `{${seats.join(",")}}`)}::text[],
      ${bookings.map((booking) => JSON.stringify(booking.standing))}::text[],
      ${bookings.map((booking) => booking.payment)}::text[],
      ${bookings.map((booking) => booking.createdAt)}::bigint[],
      ${bookings.map((booking) => booking.decidedAt)}::bigint[],
      ${bookings.map((booking) => booking.updatedAt)}::bigint[],
      ${bookings.map((booking) => booking.expiresAt)}::bigint[],
      ${bookings.map((booking) => booking.confirmedAt)}::bigint[],
      ${net.released.map((claim) => claim.showId)}::uuid[], ${net.released.map((claim) => claim.seat)}::int[],
      ${net.released.map((claim) => claim.bookingId)}::uuid[],
      ${net.taken.map((claim) => claim.showId)}::uuid[], ${net.taken.map((claim) => claim.seat)}::int[],
      ${net.taken.map((claim) => claim.bookingId)}::uuid[],
      ${sections.map((row) => row.showId)}::uuid[], ${sections.map((row) => row.section)}::smallint[],
      ${sections.map((row) => row.capacity)}::int[], ${sections.map((row) => row.held)}::int[],
      ${sections.map((row) => row.confirmed)}::int[],
      ${batch.deadLetters.map((letter) => letter.offset)}::bigint[],
      ${batch.deadLetters.map(({ key }) => key?.toString("hex") ?? null)}::text[],
      ${batch.deadLetters.map(({ value }) => value?.toString("hex") ?? null)}::text[],
      ${batch.deadLetters.map((letter) => letter.fault)}::text[])`;
  assert(row !== undefined, "commit_decisions answers with one row");
  return row;
}

function buildNewShowRows({ record, net }: Batch) {
  return net.showsCreated.map(({ id, name, startsAt, layout, rules, requestHash, createdAt }) => {
    const head = record.shows.find((show) => show.id === id);
    assert(head !== undefined, `new show ${id} is in the record`);
    const { updatedAt, free, held, confirmed, hash } = head;
    return {
      id,
      name,
      starts_at: startsAt,
      layout,
      hold_ms: rules.holdMs,
      confirmation: rules.confirmation,
      cancel_confirmed: rules.cancelConfirmed,
      capacity: layoutCapacity(layout),
      request_hash: requestHash,
      created_at: createdAt,
      updated_at: updatedAt,
      free,
      held,
      confirmed,
      hash,
    };
  });
}

/** Standing sections of the touched shows, as they are after the batch. */
function buildSectionRows({ record, state }: Batch) {
  return record.shows.flatMap(({ id: showId }) => {
    const show = state.shows.get(showId);
    return [...(show?.standing ?? [])].map(([section, counters]) => {
      const shape = show?.facts.layout.sections[section];
      assert(shape !== undefined, `section ${section} is in the layout`);
      return { showId, section, capacity: sectionCapacity(shape), ...counters };
    });
  });
}
