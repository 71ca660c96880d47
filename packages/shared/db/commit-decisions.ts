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
  const { record, net, deadLetters } = batch;
  const created = new Set(net.showsCreated.map(({ id }) => id));
  const shows = record.shows.filter(({ id }) => !created.has(id));
  const sections = buildSectionRows(batch);
  const bookings = net.bookings.map(({ booking }) => booking);
  const [row] = await sql<{ committed: boolean; clockMs: number }[]>`
    select committed, clock_ms::float8 as "clockMs" from commit_decisions(
      p_partition => ${record.partition}::smallint,
      p_first => ${record.first}::bigint,
      p_tail => ${record.previousTail}::text,
      p_next => ${record.next}::bigint,
      p_new_tail => ${batch.tail}::text,
      p_log_clock => ${batch.logClock}::bigint,
      p_last_digest => ${batch.lastDigest}::text,
      p_body => ${batch.body}::text,
      p_new_shows => ${JSON.stringify(buildNewShowRows(batch))}::text::jsonb,
      s_id => ${shows.map((show) => show.id)}::uuid[],
      s_version => ${shows.map((show) => show.version - 1)}::bigint[],
      s_free => ${shows.map((show) => show.free)}::int[],
      s_held => ${shows.map((show) => show.held)}::int[],
      s_confirmed => ${shows.map((show) => show.confirmed)}::int[],
      s_hash => ${shows.map((show) => show.hash)}::text[],
      s_updated_at => ${shows.map((show) => show.updatedAt)}::bigint[],
      b_id => ${bookings.map((booking) => booking.id)}::uuid[],
      b_is_new => ${net.bookings.map(({ isNew }) => String(isNew))}::text[]::boolean[],
      b_show_id => ${bookings.map((booking) => booking.showId)}::uuid[],
      b_line_offset => ${bookings.map((booking) => booking.place.offset)}::bigint[],
      b_request_hash => ${bookings.map((booking) => booking.requestHash)}::text[],
      b_customer => ${bookings.map((booking) => booking.customer)}::text[],
      b_wants => ${bookings.map((booking) => JSON.stringify(booking.wants))}::text[],
      b_status => ${bookings.map((booking) => booking.status)}::text[],
      b_reason => ${bookings.map((booking) => booking.reason)}::text[],
      b_facts => ${bookings.map(({ facts }) => facts && JSON.stringify(facts))}::text[],
      b_want => ${bookings.map((booking) => booking.want)}::smallint[],
      b_seats => ${bookings.map(({ seats }) => `{${seats.join(",")}}`)}::text[],
      b_standing => ${bookings.map((booking) => JSON.stringify(booking.standing))}::text[],
      b_payment => ${bookings.map((booking) => booking.payment)}::text[],
      b_created_at => ${bookings.map((booking) => booking.createdAt)}::bigint[],
      b_decided_at => ${bookings.map((booking) => booking.decidedAt)}::bigint[],
      b_updated_at => ${bookings.map((booking) => booking.updatedAt)}::bigint[],
      b_expires_at => ${bookings.map((booking) => booking.expiresAt)}::bigint[],
      b_confirmed_at => ${bookings.map((booking) => booking.confirmedAt)}::bigint[],
      d_show_id => ${net.released.map((claim) => claim.showId)}::uuid[],
      d_seat_no => ${net.released.map((claim) => claim.seat)}::int[],
      d_booking_id => ${net.released.map((claim) => claim.bookingId)}::uuid[],
      t_show_id => ${net.taken.map((claim) => claim.showId)}::uuid[],
      t_seat_no => ${net.taken.map((claim) => claim.seat)}::int[],
      t_booking_id => ${net.taken.map((claim) => claim.bookingId)}::uuid[],
      c_show_id => ${sections.map((row) => row.showId)}::uuid[],
      c_section => ${sections.map((row) => row.section)}::smallint[],
      c_capacity => ${sections.map((row) => row.capacity)}::int[],
      c_held => ${sections.map((row) => row.held)}::int[],
      c_confirmed => ${sections.map((row) => row.confirmed)}::int[],
      l_offset => ${deadLetters.map((letter) => letter.offset)}::bigint[],
      l_key => ${deadLetters.map(({ key }) => key?.toString("hex") ?? null)}::text[],
      l_value => ${deadLetters.map(({ value }) => value?.toString("hex") ?? null)}::text[],
      l_fault => ${deadLetters.map((letter) => letter.fault)}::text[])`;
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
