/**
 * The shows that this gateway has been asked about: their facts from Postgres, their counters and
 * seats kept current by the records.
 */
import { isDeepStrictEqual } from "node:util";

import type { LineRecord, RecordShow } from "@seatline/shared/contract/record.ts";
import type { SeatsRow, ShowRow } from "@seatline/shared/db/load-shows.ts";

import { keepNewest } from "./keep-newest.ts";
import { guideOf } from "./layouts.ts";
import { refuseRead } from "./reads.ts";
import { SeatMap } from "./seat-map.ts";
import type { SeatChange } from "./seat-map.ts";

const SHOWS_MAX = 10_000;
const SEAT_MAPS_MAX = 2_000;
/** Seats of all maps together: a quarter of a byte each. */
const SEATS_MAX = 20_000_000;
const HEADS_MAX = 20_000;
/** What was read is nearly always up to date with what came meanwhile; beyond it, 503. */
const LOADS_MAX = 3;
/** Records of a show kept while its seats are being read. */
const LATE_MAX = 1_000;

/** How shows are read from Postgres. */
export type ShowsDeps = {
  readonly findShow: (key: string | number) => Promise<ShowRow | null>;
  readonly findShows: (ids: readonly string[]) => Promise<ShowRow[]>;
  readonly listShows: (page: { after: number; limit: number }) => Promise<ShowRow[]>;
  readonly findSeats: (showId: string) => Promise<SeatsRow | null>;
};

export class Shows {
  readonly #deps: ShowsDeps;
  readonly #shows = new Map<string, ShowRow>();
  readonly #idByNumber = new Map<number, string>();
  readonly #seatMaps = new Map<string, SeatMap>();
  /** One load of a seat map at a time, however many ask. */
  readonly #loading = new Map<string, { seats: Promise<SeatMap | null>; late: SeatChange[] }>();
  /** The newest counters of shows, loaded or not: a load may be older than a record before it. */
  readonly #heads = new Map<string, RecordShow>();
  /** The version from which on a show is another: a load that is older must not be kept. */
  readonly #changedAt = new Map<string, number>();

  constructor(deps: ShowsDeps) {
    this.#deps = deps;
  }

  /** A show by id or short number, or null. Throws what the driver throws, if it must be asked. */
  async find(key: string | number): Promise<ShowRow | null> {
    const id = typeof key === "string" ? key : this.#idByNumber.get(key);
    const known = id === undefined ? undefined : this.#shows.get(id);
    if (known !== undefined) return known;
    for (let loads = 0; loads < LOADS_MAX; loads++) {
      const row = await this.#deps.findShow(key);
      if (row === null) return null;
      if (this.#isCurrent(row)) return this.#keep(row);
    }
    throw refuseRead("this show changes faster than it can be read");
  }

  /**
   * A show and its seats as far as they are known here, without asking anybody. The seats of a show that
   * somebody looks at for the first time are fetched for the next.
   */
  peek(showId: string): { readonly show: ShowRow; readonly seats: SeatMap | null } | null {
    const show = this.#shows.get(showId);
    if (show === undefined) return null;
    const seats = this.#seatMaps.get(showId) ?? null;
    // Whoever needs them for more than a forecast asks for them, and hears of the fault.
    if (seats === null) this.seats(showId).catch(() => null);
    return { show, seats };
  }

  /** Those of the shows that exist, by id: what is not known here is read at once, whatever the number. */
  async findAll(ids: Iterable<string>): Promise<ReadonlyMap<string, ShowRow>> {
    const wanted = [...new Set(ids)];
    const unknown = wanted.filter((id) => !this.#shows.has(id));
    const rows = unknown.length === 0 ? [] : await this.#deps.findShows(unknown);
    const found = new Map(rows.map((row) => [row.id, this.#keepIfCurrent(row)]));
    for (const id of wanted) {
      const known = this.#shows.get(id);
      if (known !== undefined) found.set(id, known);
    }
    return found;
  }

  /** A page of shows by number, with counters that are never older than what was answered before. */
  async list(page: { after: number; limit: number }): Promise<ShowRow[]> {
    const rows = await this.#deps.listShows(page);
    return rows.map((row) =>
      this.#shows.has(row.id) ? this.#keepIfCurrent(row) : this.#newest(row),
    );
  }

  /** The seats of a show that exists, never older than what was answered before. */
  async seats(showId: string): Promise<SeatMap | null> {
    for (let loads = 0; loads < LOADS_MAX; loads++) {
      const known = this.#seatMaps.get(showId);
      if (known !== undefined && known.version >= this.#headVersion(showId)) return known;
      let loading = this.#loading.get(showId);
      if (loading === undefined) {
        const late: SeatChange[] = [];
        const seats = this.#loadSeats(showId, late).finally(() => this.#loading.delete(showId));
        loading = { seats, late };
        this.#loading.set(showId, loading);
      }
      const loaded = await loading.seats;
      if (loaded === null || loaded.version >= this.#headVersion(showId)) return loaded;
    }
    throw refuseRead("the seats of this show change faster than they can be read");
  }

  /** A map goes on from where it was read with what changed meanwhile: else, under load, no read were the last. */
  async #loadSeats(showId: string, late: readonly SeatChange[]): Promise<SeatMap | null> {
    const row = await this.#deps.findSeats(showId);
    if (row === null) return null;
    // The layout of the same snapshot, never the one that is known here: a change of it may be on its way.
    const known = this.#shows.get(showId)?.layout;
    const isKnown = known !== undefined && isDeepStrictEqual(known, row.layout);
    const guide = guideOf(isKnown ? known : row.layout);
    const loaded = new SeatMap(row, guide);
    const follows = late.every((change) => loaded.apply(change));
    if (follows) this.#keepSeats(showId, loaded);
    return follows ? loaded : new SeatMap(row, guide);
  }

  #keepSeats(showId: string, seatMap: SeatMap): void {
    keepNewest(this.#seatMaps, SEAT_MAPS_MAX, [showId, seatMap]);
    let seats = 0;
    for (const { size } of this.#seatMaps.values()) seats += size;
    for (const [id, { size }] of this.#seatMaps) {
      if (seats <= SEATS_MAX || id === showId) break;
      this.#seatMaps.delete(id);
      seats -= size;
    }
  }

  #headVersion(showId: string): number {
    return this.#heads.get(showId)?.version ?? 0;
  }

  /** Follows a record. */
  apply(record: LineRecord): void {
    for (const head of record.shows) {
      keepNewest(this.#heads, HEADS_MAX, [head.id, head]);
      const entries = record.entries;
      const isOtherShow = entries.some(
        ({ showId, changesShow }) => changesShow && showId === head.id,
      );
      if (isOtherShow) {
        keepNewest(this.#changedAt, HEADS_MAX, [head.id, head.version]);
        this.#shows.delete(head.id);
      }
      const show = this.#shows.get(head.id);
      if (show !== undefined) this.#shows.set(head.id, this.#newest(show));
      const seatMap = this.#seatMaps.get(head.id);
      const loading = this.#loading.get(head.id);
      if (seatMap === undefined && loading === undefined) continue;
      const changed = entries.flatMap((entry) =>
        entry.changed.filter(({ showId }) => showId === head.id),
      );
      const change = { head, changed, isOtherShow };
      if (loading !== undefined && loading.late.length < LATE_MAX) loading.late.push(change);
      if (seatMap?.apply(change) === false) this.#seatMaps.delete(head.id);
    }
  }

  /** Whether a load is of the show as it is now, whatever its counters. */
  #isCurrent({ id, version }: ShowRow): boolean {
    return version >= (this.#changedAt.get(id) ?? 0);
  }

  #keepIfCurrent(row: ShowRow): ShowRow {
    return this.#isCurrent(row) ? this.#keep(row) : this.#newest(row);
  }

  #keep(row: ShowRow): ShowRow {
    const known = this.#shows.get(row.id);
    if (known !== undefined && known.version >= row.version) return known;
    const show = this.#newest(row);
    keepNewest(this.#shows, SHOWS_MAX, [show.id, show]);
    keepNewest(this.#idByNumber, SHOWS_MAX, [show.number, show.id]);
    return show;
  }

  #newest(row: ShowRow): ShowRow {
    const head = this.#heads.get(row.id);
    if (head === undefined || head.version <= row.version) return row;
    const { version, updatedAt, capacity, free, held, confirmed, hash } = head;
    return { ...row, version, updatedAt, capacity, free, held, confirmed, hash };
  }
}
