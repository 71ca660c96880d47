/**
 * The one way in which anything of the sale is written: `commit_decisions`, one statement for a whole
 * batch.
 */
import type { LineRecord } from "../contract/record.ts";
import { assert } from "../core/assert.ts";
import { isLive, limitsCustomers } from "../core/model.ts";
import { NO_USAGE } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import type { Sql } from "./client.ts";
import type { NetWrites } from "./net-writes.ts";

export type DeadLetter = {
  readonly offset: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly fault: string;
};

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
  const created = new Set(net.shows.filter(({ isNew }) => isNew).map(({ facts }) => facts.id));
  const shows = record.shows.filter(({ id }) => !created.has(id));
  const sections = buildSectionRows(batch);
  const usage = buildUsageRows(batch);
  const bookings = net.bookings.map(({ last }) => last);
  const [row] = await sql<{ committed: boolean; clockMs: number }[]>`
    select committed, clock_ms::float8 as "clockMs" from commit_decisions(
      p_partition => ${record.partition}::smallint,
      p_first => ${record.first}::bigint, p_tail => ${record.previousTail}::text,
      p_next => ${record.next}::bigint, p_new_tail => ${batch.tail}::text,
      p_log_clock => ${batch.logClock}::bigint, p_last_digest => ${batch.lastDigest}::text,
      p_body => ${batch.body}::text,
      p_shows => ${JSON.stringify(buildShowRows(batch))}::text::jsonb,
      s_id => ${shows.map((show) => show.id)}::uuid[],
      s_version => ${shows.map((show) => show.version - 1)}::bigint[],
      s_capacity => ${shows.map((show) => show.capacity)}::int[],
      s_free => ${shows.map((show) => show.free)}::int[],
      s_held => ${shows.map((show) => show.held)}::int[],
      s_confirmed => ${shows.map((show) => show.confirmed)}::int[],
      s_hash => ${shows.map((show) => show.hash)}::text[],
      s_updated_at => ${shows.map((show) => show.updatedAt)}::bigint[],
      b_id => ${bookings.map((booking) => booking.id)}::uuid[],
      b_is_new => ${net.bookings.map(({ first }) => String(first === null))}::text[]::boolean[],
      b_show_id => ${bookings.map((booking) => booking.showId)}::uuid[],
      b_line_offset => ${bookings.map((booking) => booking.place.offset)}::bigint[],
      b_request_hash => ${bookings.map((booking) => booking.requestHash)}::text[],
      b_customer => ${bookings.map((booking) => booking.customer)}::text[],
      b_wants => ${bookings.map((booking) => JSON.stringify(booking.wants))}::text[],
      b_confirm_now => ${bookings.map(({ confirmNow }) => String(confirmNow))}::text[]::boolean[],
      b_status => ${bookings.map((booking) => booking.status)}::text[],
      b_reason => ${bookings.map((booking) => booking.reason)}::text[],
      b_facts => ${bookings.map(({ facts }) => facts && JSON.stringify(facts))}::text[],
      b_want => ${bookings.map((booking) => booking.want)}::smallint[],
      b_seats => ${bookings.map(({ seats }) => `{${seats.join(",")}}`)}::text[],
      b_standing => ${bookings.map((booking) => JSON.stringify(booking.standing))}::text[],
      b_returned => ${bookings.map(({ returned }) => `{${returned.join(",")}}`)}::text[],
      b_price => ${bookings.map((booking) => booking.price)}::bigint[],
      b_prices => ${bookings.map(({ prices }) => prices && JSON.stringify(prices))}::text[],
      b_payment => ${bookings.map((booking) => booking.payment)}::text[],
      b_rescued => ${bookings.map(({ rescued }) => String(rescued))}::text[]::boolean[],
      b_created_at => ${bookings.map((booking) => booking.createdAt)}::bigint[],
      b_decided_at => ${bookings.map((booking) => booking.decidedAt)}::bigint[],
      b_updated_at => ${bookings.map((booking) => booking.updatedAt)}::bigint[],
      b_expires_at => ${bookings.map((booking) => booking.expiresAt)}::bigint[],
      b_hold_limit => ${bookings.map((booking) => booking.holdLimit)}::bigint[],
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
      u_show_id => ${usage.map((row) => row.showId)}::uuid[],
      u_customer => ${usage.map((row) => row.customer)}::text[],
      u_places => ${usage.map((row) => row.places)}::int[],
      u_holds => ${usage.map((row) => row.holds)}::int[],
      l_offset => ${deadLetters.map((letter) => letter.offset)}::bigint[],
      l_key => ${deadLetters.map(({ key }) => key?.toString("hex") ?? null)}::text[],
      l_value => ${deadLetters.map(({ value }) => value?.toString("hex") ?? null)}::text[],
      l_fault => ${deadLetters.map((letter) => letter.fault)}::text[])`;
  assert(row !== undefined, "commit_decisions answers with one row");
  return row;
}

function buildShowRows({ record, net }: Batch) {
  return net.shows.map(({ isNew, facts }) => {
    const head = record.shows.find(({ id }) => id === facts.id);
    assert(head !== undefined, `changed show ${facts.id} is in the record`);
    const { id, name, startsAt, layout, rules, opensAt, closesAt, sale, archived } = facts;
    const { updatedAt, capacity, free, held, confirmed, hash } = head;
    return {
      is_new: isNew,
      line_offset: facts.place.offset,
      starts_at: startsAt,
      opens_at: opensAt,
      closes_at: closesAt,
      request_hash: facts.requestHash,
      created_at: facts.createdAt,
      updated_at: updatedAt,
      id,
      name,
      layout,
      rules,
      sale,
      archived,
      capacity,
      free,
      held,
      confirmed,
      hash,
    };
  });
}

/** Standing sections of the touched shows, as they are after the batch. */
function buildSectionRows({ record }: Batch) {
  return record.shows.flatMap(({ id: showId, standing }) =>
    standing.map(({ section, free, held, confirmed }) => {
      return { showId, section, capacity: free + held + confirmed, held, confirmed };
    }),
  );
}

/** What the customers whose bookings the batch changed have after it, in shows that limit them. */
function buildUsageRows({ net, state }: Batch) {
  const rows = new Map<
    string,
    { showId: string; customer: string; places: number; holds: number }
  >();
  for (const { first, last } of net.bookings) {
    const { showId, customer } = last;
    const show = state.shows.get(showId);
    if (customer === null || show === undefined || !limitsCustomers(show.facts.rules)) continue;
    if (!isLive(last) && (first === null || !isLive(first))) continue;
    const usage = show.usage.get(customer) ?? NO_USAGE;
    rows.set(`${showId} ${customer}`, { showId, customer, ...usage });
  }
  return [...rows.values()];
}
