/**
 * What stands in the lines and is not decided yet, as the requests themselves say: which show they are
 * for, and what they want of it. Read from the topic, so that every gateway knows of everybody's. A copy
 * that may have gaps: what it tells is a forecast, never a decision.
 */
import { parseRequest } from "@seatline/shared/contract/request.ts";
import { wantedPlaces } from "@seatline/shared/core/model.ts";
import type { Place, Want } from "@seatline/shared/core/model.ts";

import { Series } from "./series.ts";

/** As many as may wait in a line; older ones are forgotten first. */
const REQUESTS_MAX = 1_000_000;

/** A book request that waits, as far as a forecast needs it. */
type WaitingBook = {
  readonly offset: number;
  readonly showId: string;
  readonly wants: readonly Want[];
};

/** What is asked for ahead of a place, of one show. Places. */
export type Ahead = {
  /** Everything that the requests say. */
  readonly wanted: number;
  /** By what narrows a want ("" for nothing), as a text that `filterOf` makes: places anywhere within. */
  readonly anywhere: ReadonlyMap<string, number>;
  /** Seats named by their numbers, each counted for the first who names it. */
  readonly named: number;
  /** Whether somebody ahead names one of these seats, and whether they will get it as far as can be seen. */
  readonly namedBy: (seats: readonly number[]) => "winner" | "loser" | "nobody";
};

/** The waiting requests of one show. */
class ShowAhead {
  readonly wanted = new Series();
  readonly named = new Series();
  readonly anywhere = new Map<string, Series>();
  /** The first who names a seat and, as far as can be seen, gets it; and the first who names it at all. */
  readonly #winners = new Map<number, number>();
  readonly #firsts = new Map<number, number>();

  namedBy(seats: readonly number[], offset: number): "winner" | "loser" | "nobody" {
    const isIn = (names: ReadonlyMap<number, number>) =>
      seats.some((seat) => (names.get(seat) ?? Number.POSITIVE_INFINITY) < offset);
    if (isIn(this.#winners)) return "winner";
    return isIn(this.#firsts) ? "loser" : "nobody";
  }

  add({ offset, wants }: WaitingBook): void {
    // Who has a ladder takes its first rung while there is enough; later it hardly matters.
    const [want] = wants;
    if (want === undefined) return;
    const places = wantedPlaces(want);
    this.wanted.add(offset, places);
    if (!("seats" in want)) {
      const filter = filterOf(want);
      let series = this.anywhere.get(filter);
      if (series === undefined) this.anywhere.set(filter, (series = new Series()));
      series.add(offset, places);
      return;
    }
    for (const seat of want.seats) {
      this.#firsts.set(seat, Math.min(offset, this.#firsts.get(seat) ?? offset));
    }
    if (this.namedBy(want.seats, offset) === "winner") return;
    this.named.add(offset, places);
    for (const seat of want.seats) this.#winners.set(seat, offset);
  }

  /** Forgets what stood before `next`; true if nothing is left. */
  trim(next: number): boolean {
    for (const series of [this.wanted, this.named, ...this.anywhere.values()]) series.trim(next);
    for (const [filter, series] of this.anywhere) if (series.isEmpty) this.anywhere.delete(filter);
    return this.wanted.isEmpty;
  }

  forget({ offset, wants: [want] }: WaitingBook): void {
    if (want === undefined || !("seats" in want)) return;
    for (const seat of want.seats) {
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

  /** Takes a message of the topic; one that is known already, or no book, changes nothing. */
  receive(partition: number, offset: number, text: string): void {
    const line = this.#line(partition);
    if (offset < line.next) return;
    const parsed = parseRequest(text);
    if (!("request" in parsed) || parsed.request.kind !== "book") return;
    const { showId, wants } = parsed.request;
    this.#add(line, { offset, showId, wants });
  }

  /** A request of our own, known from its ack: the topic brings it a moment later. */
  note({ partition, offset }: Place, { showId, wants }: Omit<WaitingBook, "offset">): void {
    const line = this.#line(partition);
    if (offset >= line.next) this.#add(line, { offset, showId, wants });
  }

  /** The request at a place, if it is known and waits. */
  find({ partition, offset }: Place): WaitingBook | null {
    const { requests, head } = this.#line(partition);
    const found = requests[findOffset(requests, head, offset)];
    return found?.offset === offset ? found : null;
  }

  look(place: Place, showId: string): Ahead {
    const { partition, offset } = place;
    const show = this.#line(partition).shows.get(showId);
    const anywhere = [...(show?.anywhere ?? [])].map(([filter, series]): [string, number] => [
      filter,
      series.sumBefore(offset),
    ]);
    return {
      wanted: show?.wanted.sumBefore(offset) ?? 0,
      anywhere: new Map(anywhere),
      named: show?.named.sumBefore(offset) ?? 0,
      namedBy: (seats) => show?.namedBy(seats, offset) ?? "nobody",
    };
  }

  /** The line is decided up to `next`. */
  trim(partition: number, next: number): void {
    const line = this.#line(partition);
    line.next = Math.max(line.next, next);
    const touched = new Set<string>();
    const { requests } = line;
    for (;;) {
      const first = requests[line.head];
      if (first === undefined || first.offset >= next) break;
      line.shows.get(first.showId)?.forget(first);
      touched.add(first.showId);
      line.head += 1;
    }
    for (const showId of touched) {
      if (line.shows.get(showId)?.trim(next) === true) line.shows.delete(showId);
    }
    // Cut off now and then, not at every step: what is decided lies at the front.
    if (line.head * 2 > requests.length) {
      line.requests = requests.slice(line.head);
      line.head = 0;
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
    if (requests.length - line.head > REQUESTS_MAX) this.#forgetFirst(line);
  }

  #forgetFirst(line: AheadLine): void {
    const first = line.requests[line.head];
    if (first === undefined) return;
    line.shows.get(first.showId)?.forget(first);
    line.shows.get(first.showId)?.trim(first.offset + 1);
    line.head += 1;
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

/** What narrows a want, as a text: the same for the same. */
export function filterOf({ sections, priceMax, accessible }: Want): string {
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
