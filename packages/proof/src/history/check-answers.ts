/** What clients were shown: true, never older than before, and the same under one key. */
import type { Place } from "@seatline/shared/core/model.ts";

import { buildBookingSeen, isSameSeen } from "./booking-seen.ts";
import type { BookingSeen, Call, Heard } from "./history.ts";
import { entryAt } from "./history-index.ts";
import type { EntrySeen, HistoryIndex, Life } from "./history-index.ts";

/** Every booking that was shown is one that it really was. */
export function* findUntrueAnswers({ history, livesById }: HistoryIndex): Generator<string> {
  for (const { asked, heard } of history.calls) {
    const booking = bookingOf(heard);
    if (booking === null) continue;
    const life = livesById.get(booking.id);
    if (life === undefined) {
      yield `${booking.id} was shown as ${booking.status} to who asked to ${asked.kind}, and no entry made it`;
    } else if (findMoments(life, booking) === null) {
      yield `${booking.id} was shown to who asked to ${asked.kind} as it never was: ${JSON.stringify(booking)}`;
    }
  }
}

function bookingOf(heard: Heard | null): BookingSeen | null {
  return heard?.kind === "booking" || heard?.kind === "refused" ? heard.booking : null;
}

type Moments = { readonly first: number; readonly last: number };

/** The first and the last of a booking's states that look so; null if none does. */
function findMoments({ states }: Life, seen: BookingSeen): Moments | null {
  const looks = (index: number) => {
    const state = states[index];
    return state !== undefined && isSameSeen(buildBookingSeen(state), seen);
  };
  let first = 0;
  while (first < states.length && !looks(first)) first += 1;
  let last = states.length - 1;
  while (last > first && !looks(last)) last -= 1;
  return first < states.length ? { first, last } : null;
}

/** One answer of one life of a gateway. */
type Answer = {
  readonly call: Call;
  readonly id: string;
  /** What was seen of the booking, where one was shown. */
  readonly moments: Moments | null;
  /** Up to where the gateway must have known the line to say so. */
  readonly known: Place | null;
};

/** Whoever asks one gateway again never hears what is older than what it has said already. */
export function* findStaleAnswers({ history, livesById }: HistoryIndex): Generator<string> {
  const calls = Map.groupBy(history.calls, ({ gateway }) => gateway);
  for (const its of calls.values()) {
    const answers: Answer[] = [];
    for (const call of its) {
      const answer = readAnswer(call, livesById);
      if (answer !== null) answers.push(answer);
    }
    yield* findSteppingBack(answers);
  }
}

function readAnswer(call: Call, livesById: HistoryIndex["livesById"]): Answer | null {
  const { asked, heard } = call;
  if (heard === null || heard.kind === "unavailable") return null;
  const booking = bookingOf(heard);
  if (booking === null) {
    const bookingId = asked.kind === "book" ? null : asked.bookingId;
    const id = heard.kind === "queued" ? heard.id : bookingId;
    return id === null ? null : { call, id, moments: null, known: null };
  }
  const life = livesById.get(booking.id);
  const moments = life === undefined ? null : findMoments(life, booking);
  const known = moments === null ? null : (life?.places[moments.first] ?? null);
  return { call, id: booking.id, moments, known };
}

/** What a gateway had told by the time at which it was asked something. */
class Told {
  /** By booking, the oldest that it may be shown as from now on. */
  readonly #firstById = new Map<string, number>();
  /** By partition, the last offset of which the outcome was known. */
  readonly #offsetByPartition = new Map<number, number>();

  note({ id, moments, known }: Answer): void {
    if (moments === null || known === null) return;
    this.#firstById.set(id, Math.max(moments.first, this.#firstById.get(id) ?? 0));
    const offset = this.#offsetByPartition.get(known.partition) ?? -1;
    this.#offsetByPartition.set(known.partition, Math.max(offset, known.offset));
  }

  *findFaults({ call, id, moments }: Answer): Generator<string> {
    const { asked, heard, gateway } = call;
    const first = this.#firstById.get(id);
    const name = `${gateway}, asked to ${asked.kind} ${id} at ${call.askedAt}, says`;
    // A refusal at a place tells of that place for ever, with the booking as it was then.
    const isOfPlace = asked.kind === "find" && asked.place !== null && heard?.kind === "refused";
    if (moments !== null && first !== undefined && moments.last < first && !isOfPlace) {
      yield `${name} what was so before what it has said already (${moments.last} < ${first})`;
    }
    if (heard?.kind === "queued") yield* this.#findUndecided(name, heard.place, first);
    const isLook = asked.kind === "find" && asked.place === null;
    const isGone = heard?.kind === "refused" && heard.reason === "booking-not-found";
    if (isLook && isGone && first !== undefined) {
      yield `${name} that there is no such booking, and has shown it already`;
    }
  }

  *#findUndecided(name: string, place: Place | null, first: number | undefined): Generator<string> {
    if (place === null && first !== undefined) {
      yield `${name} that it is not decided, and has shown it already`;
    }
    const decided = place === null ? -1 : (this.#offsetByPartition.get(place.partition) ?? -1);
    if (place !== null && place.offset <= decided) {
      yield `${name} that ${place.partition}-${place.offset} is not decided, and has told of ${decided} already`;
    }
  }
}

/** In the order in which they were asked; each is compared with all that had been heard by then. */
function* findSteppingBack(answers: readonly Answer[]): Generator<string> {
  const asked = answers.toSorted((a, b) => a.call.askedAt - b.call.askedAt);
  const heard = answers.toSorted((a, b) => a.call.heardAt - b.call.heardAt);
  const told = new Told();
  let next = 0;
  for (const answer of asked) {
    for (let one = heard[next]; one !== undefined; one = heard[next]) {
      if (one.call.heardAt > answer.call.askedAt) break;
      if (one !== answer) told.note(one);
      next += 1;
    }
    yield* told.findFaults(answer);
  }
}

/** What was decided before the rest, every gateway knows from then on. */
export function* findOutdated({ history, livesById }: HistoryIndex): Generator<string> {
  const { rest, calls } = history;
  if (rest === null) return;
  for (const { askedAt, heard, gateway } of calls) {
    if (askedAt < rest.atMs || heard?.kind !== "booking") continue;
    const { booking } = heard;
    const life = livesById.get(booking.id);
    const isOld = ({ partition, offset }: Place) => offset < (rest.nextOffsets[partition] ?? 0);
    const known = life?.places.filter(isOld).length ?? 0;
    const moments = life === undefined ? null : findMoments(life, booking);
    if (moments !== null && moments.last < known - 1) {
      yield `${gateway}, asked at ${askedAt}, still shows ${booking.id} as ${booking.status}`;
    }
  }
}

/** Under one key stands one request: the same again is told the same, another nothing of it. */
export function* findKeyFaults(index: HistoryIndex): Generator<string> {
  const uses = new Map<string, KeyUse>();
  for (const { asked, heard } of index.history.calls) {
    if (asked.kind !== "book" || asked.key === null) continue;
    const name = `${asked.showId} ${asked.key}`;
    const use = uses.get(name) ?? buildKeyUse();
    uses.set(name, use);
    use.asked.add(asked.body);
    if (heard === null) continue;
    const booking = bookingOf(heard);
    if (heard.kind === "queued") use.ids.add(heard.id);
    if (booking !== null) use.ids.add(booking.id);
    const isReused = heard.kind === "refused" && heard.reason === "key-reused";
    if (isReused && booking !== null) yield `who used the key of ${booking.id} again was shown it`;
    // Who was only told a place will hear there what its entry says.
    const { outcome = null } = heard.kind === "queued" ? (findEntry(index, heard.place) ?? {}) : {};
    const isTold = outcome !== null && outcome.kind !== "show" && outcome.bookingId !== null;
    const willBeReused = outcome?.kind === "refused" && outcome.reason === "key-reused";
    if (booking !== null || isTold) use.shown.add(asked.body);
    if (isReused || willBeReused) use.refused.add(asked.body);
  }
  for (const { ids, asked, shown, refused } of uses.values()) {
    const [id = "a booking"] = ids;
    if (ids.size > 1) yield `one key has the bookings ${[...ids].join(", ")}`;
    if (shown.size > 1) yield `${id} was shown to ${shown.size} different requests under one key`;
    if (refused.size > 0 && asked.size < 2) {
      yield `${id} was refused as if its key were used for another request, and it was not`;
    }
    for (const body of refused) {
      if (shown.has(body)) yield `the request for ${id} was told that its key was used for another`;
    }
  }
}

function findEntry(index: HistoryIndex, place: Place | null): EntrySeen | undefined {
  return place === null ? undefined : entryAt(index, place);
}

type KeyUse = {
  readonly ids: Set<string>;
  /** The bodies that were asked for under it, whether anything was heard or not. */
  readonly asked: Set<string>;
  /** The bodies that were shown the booking, and those that heard `key-reused`. */
  readonly shown: Set<string>;
  readonly refused: Set<string>;
};

function buildKeyUse(): KeyUse {
  return { ids: new Set(), asked: new Set(), shown: new Set(), refused: new Set() };
}
