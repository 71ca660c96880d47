/**
 * What stands in the lines and is not decided yet, as the requests themselves say: which show they are
 * for, and what they want of it. Read from the topic, so that every gateway knows of everybody's. A copy
 * that may have gaps: what it tells is a forecast, never a decision.
 */
import { parseRequest } from "@seatline/shared/contract/request.ts";
import { wantedPlaces } from "@seatline/shared/core/model.ts";
import type { Place, Want, WantFilter } from "@seatline/shared/core/model.ts";

import type { Pool } from "./seat-map.ts";
import { Series } from "./series.ts";

/** What all that wait may take of memory, as far as it can be told; the first of a line are forgotten first. */
const BYTES_MAX = 128 * 1024 * 1024;
/** What one takes at least, with all that leads to it. */
const REQUEST_BYTES = 300;
/** What `encodeRequest` writes of a book, and of nothing else. */
const BOOK = '"kind":"book"';
/** So many ways to narrow a want are told apart in a show: a look costs as much as there are. */
const FILTERS_MAX = 64;

/** A book request that waits, as far as a forecast needs it. */
export type WaitingBook = {
  readonly offset: number;
  readonly showId: string;
  readonly wants: readonly Want[];
  /** When it was heard of here, a moment after it reached the line: the line's own time is not told. */
  readonly seenAt: number;
};

/** What the requests alone do not say: how their show looks to who makes a forecast. */
export type Sight = {
  /** What a request will be given as far as can be seen; null if it is certain to be refused. */
  readonly choose: (request: WaitingBook) => Want | null;
  readonly poolOf: (seat: number) => Pool;
};

/** Where nobody looks, every want counts as it is. */
const BLIND: Sight = { choose: ({ wants: [want] }) => want ?? null, poolOf: () => "general" };
/** So many requests at most are left for the next look, which should not take long. */
const UNSORTED_MAX = 10_000;

/** What is asked for ahead of a place, of one show. Places. */
export type Ahead = {
  /** When the request at the place was heard of here; now if it is not known. */
  readonly seenAt: number;
  /** Everything that the requests say. */
  readonly wanted: number;
  /** By what narrows a want: places anywhere within. Without what is certain to be refused, as `named`. */
  readonly anywhere: readonly { readonly filter: WantFilter; readonly places: number }[];
  /** Seats named by their numbers, each counted for the first who names it. */
  readonly named: Readonly<Record<Pool, number>>;
  /** Whether somebody ahead names one of these seats, and whether they will get it as far as can be seen. */
  readonly namedBy: (seats: readonly number[]) => "winner" | "loser" | "nobody";
};

/** The waiting requests of one show. */
class ShowAhead {
  readonly wanted = new Series();
  readonly named: Record<Pool, Series> = { general: new Series(), accessible: new Series() };
  readonly anywhere = new Map<string, { readonly filter: WantFilter; readonly series: Series }>();
  /** The first who names a seat and, as far as can be seen, gets it; and the first who names it at all. */
  readonly #winners = new Map<number, number>();
  readonly #firsts = new Map<number, number>();
  /** Those that came since the last look: what they will take is not known yet. */
  readonly #unsorted = new Map<number, WaitingBook>();

  namedBy(seats: readonly number[], offset: number): "winner" | "loser" | "nobody" {
    const isIn = (names: ReadonlyMap<number, number>) =>
      seats.some((seat) => (names.get(seat) ?? Number.POSITIVE_INFINITY) < offset);
    if (isIn(this.#winners)) return "winner";
    return isIn(this.#firsts) ? "loser" : "nobody";
  }

  add(request: WaitingBook): void {
    const [want] = request.wants;
    if (want === undefined) return;
    this.wanted.add(request.offset, wantedPlaces(want));
    this.#unsorted.set(request.offset, request);
    if (this.#unsorted.size > UNSORTED_MAX) this.sort(BLIND);
  }

  /** Each request once, at the first look after it came: a look must not cost more the longer the line is. */
  sort(sight: Sight): void {
    for (const request of this.#unsorted.values()) {
      const want = sight.choose(request);
      if (want !== null) this.#count(request.offset, want, sight);
    }
    this.#unsorted.clear();
  }

  #count(offset: number, want: Want, { poolOf }: Sight): void {
    if (!("seats" in want)) {
      const own = filterOf(want);
      // Beyond the bound it counts as if it could be anywhere.
      const isTold = this.anywhere.has(own) || this.anywhere.size < FILTERS_MAX;
      const filter = isTold ? want : want.accessible === true ? { accessible: true as const } : {};
      const text = isTold ? own : filterOf(filter);
      let asked = this.anywhere.get(text);
      if (asked === undefined) {
        asked = { filter, series: new Series() };
        this.anywhere.set(text, asked);
      }
      asked.series.add(offset, wantedPlaces(want));
      return;
    }
    for (const seat of want.seats) {
      this.#firsts.set(seat, Math.min(offset, this.#firsts.get(seat) ?? offset));
    }
    if (this.namedBy(want.seats, offset) === "winner") return;
    for (const seat of want.seats) this.#winners.set(seat, offset);
    for (const [pool, seats] of Map.groupBy(want.seats, poolOf)) {
      this.named[pool].add(offset, seats.length);
    }
  }

  /** Forgets what stood before `next`; true if nothing is left. */
  trim(next: number): boolean {
    const { wanted, named, anywhere } = this;
    for (const series of [wanted, named.general, named.accessible]) series.trim(next);
    for (const [text, { series }] of anywhere) {
      series.trim(next);
      if (series.isEmpty) anywhere.delete(text);
    }
    return wanted.isEmpty;
  }

  forget({ offset, wants }: WaitingBook): void {
    this.#unsorted.delete(offset);
    for (const seat of wants.flatMap((want) => ("seats" in want ? want.seats : []))) {
      for (const names of [this.#winners, this.#firsts]) {
        if (names.get(seat) === offset) names.delete(seat);
      }
    }
  }
}

type AheadLine = {
  /** Ascending by offset. Those before `head` are decided. */
  requests: WaitingBook[];
  head: number;
  readonly shows: Map<string, ShowAhead>;
  /** Below this nothing is known any more, or needed. */
  next: number;
};

export class LineAhead {
  readonly #lines: AheadLine[] = [];
  readonly #bytesMax: number;
  /** Of all requests that are kept. */
  #bytes = 0;
  readonly #clock: () => number;

  constructor(clock: () => number, bytesMax = BYTES_MAX) {
    this.#clock = clock;
    this.#bytesMax = bytesMax;
  }

  /** Takes a message of the topic; one that is known already, or no book, changes nothing. */
  receive(partition: number, offset: number, text: string): void {
    const line = this.#line(partition);
    if (offset < line.next) return;
    // Most messages are none that matters here, or our own: to parse them costs more than all the rest.
    if (!text.includes(BOOK) || this.find({ partition, offset }) !== null) return;
    const parsed = parseRequest(text);
    if (!("request" in parsed) || parsed.request.kind !== "book") return;
    const { showId, wants } = parsed.request;
    this.#add(line, { offset, showId, wants, seenAt: this.#clock() });
  }

  /** A request of our own, known from its ack: the topic brings it a moment later. */
  note(
    { partition, offset }: Place,
    { showId, wants }: Pick<WaitingBook, "showId" | "wants">,
  ): void {
    const line = this.#line(partition);
    if (offset < line.next) return;
    this.#add(line, { offset, showId, wants, seenAt: this.#clock() });
  }

  /** The request at a place, if it is known and waits. */
  find({ partition, offset }: Place): WaitingBook | null {
    const { requests, head } = this.#line(partition);
    const found = requests[findOffset(requests, head, offset)];
    return found?.offset === offset ? found : null;
  }

  /** What stands before a place, of a show that looks as `sight` says. */
  look(place: Place, showId: string, sight: Sight): Ahead {
    const { partition, offset } = place;
    const show = this.#line(partition).shows.get(showId);
    show?.sort(sight);
    return {
      seenAt: this.find(place)?.seenAt ?? this.#clock(),
      wanted: show?.wanted.sumBefore(offset) ?? 0,
      anywhere: [...(show?.anywhere.values() ?? [])].map(({ filter, series }) => ({
        filter,
        places: series.sumBefore(offset),
      })),
      named: {
        general: show?.named.general.sumBefore(offset) ?? 0,
        accessible: show?.named.accessible.sumBefore(offset) ?? 0,
      },
      namedBy: (seats) => show?.namedBy(seats, offset) ?? "nobody",
    };
  }

  /** The line is decided up to `next`. */
  trim(partition: number, next: number): void {
    const line = this.#line(partition);
    line.next = Math.max(line.next, next);
    const touched = new Set<string>();
    for (;;) {
      const first = line.requests[line.head];
      if (first === undefined || first.offset >= next) break;
      this.#forget(line, first);
      touched.add(first.showId);
    }
    for (const showId of touched) {
      if (line.shows.get(showId)?.trim(next) === true) line.shows.delete(showId);
    }
  }

  #add(line: AheadLine, request: WaitingBook): void {
    const { requests } = line;
    const index = findOffset(requests, line.head, request.offset);
    if (requests[index]?.offset === request.offset) return;
    // Nearly always at the end: only our own are known before their turn.
    requests.splice(index, 0, request);
    let show = line.shows.get(request.showId);
    if (show === undefined) line.shows.set(request.showId, (show = new ShowAhead()));
    show.add(request);
    this.#bytes += bytesOf(request);
    while (this.#bytes > this.#bytesMax) {
      const first = line.requests[line.head];
      if (first === undefined || first === request) break;
      this.#forget(line, first);
      const isGone = line.shows.get(first.showId)?.trim(first.offset + 1);
      if (isGone === true) line.shows.delete(first.showId);
    }
  }

  /** `first` stands at the head of the line. */
  #forget(line: AheadLine, first: WaitingBook): void {
    line.shows.get(first.showId)?.forget(first);
    this.#bytes -= bytesOf(first);
    line.head += 1;
    // Cut off now and then, not at every step.
    if (line.head * 2 <= line.requests.length) return;
    line.requests = line.requests.slice(line.head);
    line.head = 0;
  }

  #line(partition: number): AheadLine {
    let line = this.#lines[partition];
    if (line === undefined) {
      line = { requests: [], head: 0, shows: new Map(), next: 0 };
      this.#lines[partition] = line;
    }
    return line;
  }
}

/** A text takes two bytes for each of its characters, and what it tells of as plain values about as much again. */
function bytesOf({ wants }: WaitingBook): number {
  return REQUEST_BYTES + 4 * JSON.stringify(wants).length;
}

/** What narrows a want, as a text: the same for the same. */
function filterOf({ sections, priceMax, accessible }: WantFilter): string {
  if (sections === undefined && priceMax === undefined && accessible === undefined) return "";
  return JSON.stringify([sections ?? null, priceMax ?? null, accessible ?? null]);
}

/** Where the offset is, or would be, not before `head`. */
function findOffset(requests: readonly WaitingBook[], head: number, offset: number): number {
  let [low, high] = [head, requests.length];
  if (offset > (requests[high - 1]?.offset ?? -1)) return high;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((requests[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
