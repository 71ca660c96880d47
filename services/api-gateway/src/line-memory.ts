/**
 * What this gateway knows of the lines, fed by their records: how far each is decided, what became
 * of recent bookings, and who waits for what. A copy and nothing more: what is not in here is asked
 * of Postgres, and what goes missing on the way is fetched from there.
 */
import { parseRecord } from "@seatline/shared/contract/record.ts";
import type { LineRecord, RecordEntry } from "@seatline/shared/contract/record.ts";
import type { Booking } from "@seatline/shared/core/model.ts";
import type { PartitionRow } from "@seatline/shared/db/load-partitions.ts";
import type { RecordRow } from "@seatline/shared/db/load-records.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { Drain } from "./drain.ts";
import { keepNewest } from "./keep-newest.ts";
import { Waiters } from "./waiters.ts";

type LineMemoryDeps = {
  readonly host: Host;
  readonly log: Log;
  /** Records from Postgres, oldest first; an empty list when there are no more. */
  readonly loadRecords: (partition: number, from: number) => Promise<readonly RecordRow[]>;
  /** Called for every record, once, in order. */
  readonly onRecord: (record: LineRecord) => void;
};

type Line = {
  /** The next undecided offset, as far as is known here. Never goes back. */
  next: number;
  /** The end of the line, as far as is known here. */
  end: number;
  readonly drain: Drain;
  /** A fetch of missing records that is under way. */
  filling: Promise<void> | null;
  /** What came through the topic during the fetch. */
  late: LineRecord[];
};

/** About 1 KB each. What is older is read from Postgres by primary key. */
const BOOKINGS_MAX = 100_000;
/** A record is on its way for a few milliseconds; after this it is fetched. */
const CATCH_UP_MS = 100;
const CATCH_UP_LOOK_MS = 5;
/** More than come during one fetch; what is beyond is fetched in its turn. */
const LATE_MAX = 64;

export class LineMemory {
  readonly waiters: Waiters;
  readonly #deps: LineMemoryDeps;
  #lines: Line[] = [];
  readonly #bookings = new Map<string, Booking>();

  constructor(deps: LineMemoryDeps) {
    this.#deps = deps;
    this.waiters = new Waiters(deps.host);
  }

  /** Begins with what Postgres says; records from before are not wanted. */
  start(rows: readonly PartitionRow[]): void {
    this.#lines = rows.map(({ nextOffset }) => ({
      next: nextOffset,
      end: nextOffset,
      drain: new Drain(this.#deps.host),
      filling: null,
      late: [],
    }));
  }

  get partitionCount(): number {
    return this.#lines.length;
  }

  /** How a partition's line stands. Partitions are those of genuine ids, so they exist. */
  line(partition: number): { next: number; end: number; perSecond: number; stalled: boolean } {
    const { next, end, drain } = this.#line(partition);
    return { next, end, perSecond: drain.perSecond, stalled: drain.isStalled };
  }

  booking(id: string): Booking | undefined {
    return this.#bookings.get(id);
  }

  /** The line reaches to `end`, the next offset to come. */
  noteEnd(partition: number, end: number): void {
    const line = this.#line(partition);
    line.end = Math.max(line.end, end);
    line.drain.noteWaiting(line.end > line.next);
  }

  /** Takes a record as it came from the topic. */
  receive(partition: number, body: string): void {
    const record = parseRecord(body);
    if (record === null || record.partition !== partition) {
      this.#deps.log.error({ partition }, "a record cannot be read; it will be fetched again");
      return;
    }
    const line = this.#line(partition);
    if (line.filling !== null) {
      if (line.late.length < LATE_MAX) line.late.push(record);
    } else if (record.first === line.next) this.#apply(line, record);
    else if (record.first > line.next) void this.fill(partition);
  }

  /**
   * Resolves with whether everything before `next` is known here. Whoever has read something newer than
   * this memory from Postgres waits for it, so that no later answer is older than an earlier one.
   */
  async catchUp(partition: number, next: number): Promise<boolean> {
    const line = this.#line(partition);
    const { host } = this.#deps;
    const deadline = host.monotonicMs() + CATCH_UP_MS;
    while (line.next < next && host.monotonicMs() < deadline) await host.pause(CATCH_UP_LOOK_MS);
    if (line.next < next) await this.fill(partition);
    return line.next >= next;
  }

  /** Fetches from Postgres what was committed but has not come through the topic. One fetch at a time. */
  fill(partition: number): Promise<void> {
    const line = this.#line(partition);
    line.filling ??= this.#fillOnce(partition, line).finally(() => {
      line.filling = null;
      line.late = [];
    });
    return line.filling;
  }

  async #fillOnce(partition: number, line: Line): Promise<void> {
    try {
      let advanced = true;
      while (advanced) {
        advanced = await this.#fetchNext(partition, line);
        // What came through the topic meanwhile goes on from there: else, under load, no fetch were the last.
        this.#applyFitting(line, line.late);
        line.late = line.late.filter(({ first }) => first >= line.next);
      }
    } catch (error) {
      this.#deps.log.warn({ err: error, partition }, "missing records could not be fetched");
    }
  }

  /** Whether it brought this memory forward: what cannot be read or does not fit must not be asked for without end. */
  async #fetchNext(partition: number, line: Line): Promise<boolean> {
    const before = line.next;
    const rows = await this.#deps.loadRecords(partition, line.next);
    this.#applyFitting(
      line,
      rows.map(({ body }) => parseRecord(body)).filter((record) => record !== null),
    );
    return line.next > before;
  }

  #applyFitting(line: Line, records: readonly LineRecord[]): void {
    for (const record of records) if (record.first === line.next) this.#apply(line, record);
  }

  #apply(line: Line, record: LineRecord): void {
    line.next = record.next;
    line.end = Math.max(line.end, record.next);
    line.drain.noteDecided(record.next - record.first, line.end > line.next);
    for (const entry of record.entries)
      for (const booking of entry.changed)
        keepNewest(this.#bookings, BOOKINGS_MAX, [booking.id, booking]);
    this.#deps.onRecord(record);
    for (const entry of record.entries) this.#tell(entry);
  }

  #tell(entry: RecordEntry): void {
    const { requestId, outcome, changed } = entry;
    const ids = new Set(changed.map(({ id }) => id));
    if (requestId !== null) ids.add(requestId);
    // A refused confirm changes nothing, and yet somebody may wait at its place.
    if (outcome.kind === "refused" && outcome.bookingId !== null) ids.add(outcome.bookingId);
    for (const id of ids) this.waiters.tell(id, entry);
  }

  #line(partition: number): Line {
    const line = this.#lines[partition];
    if (line === undefined) throw new RangeError(`there is no partition ${partition}`);
    return line;
  }
}
