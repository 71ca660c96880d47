/**
 * The one way in which anything of the sale is written: `commit_decisions`, one statement for a whole
 * batch. Also the step before it: many writes of a batch become the few that the tables need.
 */
import { assert } from "../core/assert.ts";
import { layoutCapacity, sectionCapacity } from "../core/layout.ts";
import type { Booking, ShowFacts, Write } from "../core/model.ts";
import { freePlaces, isLive } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import type { Sql } from "./client.ts";
import type { ShowHead } from "./load-shows.ts";

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
  readonly partition: number;
  /** The fence: the offset and the tail hash that the batch was decided on. */
  readonly first: number;
  readonly tail: string;
  readonly next: number;
  readonly newTail: string;
  /** Up to where records are known to be published. */
  readonly published: number;
  readonly logClock: number;
  readonly lastDigest: string;
  readonly body: string;
  readonly net: NetWrites;
  /** The state after the batch. */
  readonly state: LineState;
  /** The heads of the touched shows before the batch; none for a new show. */
  readonly heads: ReadonlyMap<string, ShowHead>;
  /** The running hashes after the batch, of every show that it touched. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly deadLetters: readonly DeadLetter[];
};

export type CommitResult = { readonly committed: boolean; readonly clockMs: number };

/**
 * Commits a batch, whole or not at all. `committed: false` means fenced: the partition is not where
 * the batch began, so somebody else owns it, and nothing was written. `clockMs` is the database's clock.
 * Throws what the driver throws; if the answer was lost, only Postgres knows whether it happened.
 */
export async function commitDecisions(sql: Sql, batch: Batch): Promise<CommitResult> {
  const { net } = batch;
  const shows = buildShowRows(batch);
  const sections = buildSectionRows(batch);
  const bookings = net.bookings.map(({ booking }) => booking);
  const [row] = await sql<{ committed: boolean; clockMs: number }[]>`
    select committed, clock_ms::float8 as "clockMs" from commit_decisions(
      ${batch.partition}::smallint, ${batch.first}::bigint, ${batch.tail}::text,
      ${batch.next}::bigint, ${batch.newTail}::text, ${batch.published}::bigint,
      ${batch.logClock}::bigint, ${batch.lastDigest}::text, ${batch.body}::text,
      ${JSON.stringify(buildNewShowRows(batch))}::text::jsonb,
      ${shows.map((show) => show.id)}::uuid[], ${shows.map((show) => show.version)}::bigint[],
      ${shows.map((show) => show.free)}::int[], ${shows.map((show) => show.held)}::int[],
      ${shows.map((show) => show.confirmed)}::int[], ${shows.map((show) => show.hash)}::text[],
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

function countersAfter(batch: Batch, showId: string) {
  const show = batch.state.shows.get(showId);
  const hash = batch.hashes.get(showId);
  assert(show !== undefined && hash !== undefined, `touched show ${showId} is loaded and hashed`);
  return { free: freePlaces(show), held: show.held, confirmed: show.confirmed, hash };
}

function buildShowRows(batch: Batch) {
  return [...batch.hashes.keys()].flatMap((id) => {
    const head = batch.heads.get(id);
    return head === undefined ? [] : [{ id, version: head.version, ...countersAfter(batch, id) }];
  });
}

function buildNewShowRows(batch: Batch) {
  return batch.net.showsCreated.map(({ id, name, startsAt, layout, rules, createdAt }) => ({
    id,
    name,
    starts_at: startsAt,
    layout,
    hold_ms: rules.holdMs,
    confirmation: rules.confirmation,
    cancel_confirmed: rules.cancelConfirmed,
    capacity: layoutCapacity(layout),
    created_at: createdAt,
    ...countersAfter(batch, id),
  }));
}

/** Standing sections of the touched shows, as they are after the batch. */
function buildSectionRows(batch: Batch) {
  return [...batch.hashes.keys()].flatMap((showId) => {
    const show = batch.state.shows.get(showId);
    return [...(show?.standing ?? [])].map(([section, counters]) => {
      const shape = show?.facts.layout.sections[section];
      assert(shape !== undefined, `section ${section} is in the layout`);
      return { showId, section, capacity: sectionCapacity(shape), ...counters };
    });
  });
}
