/**
 * What was told while a request stood in the line, against what became of it: whole sales of 20,000 requests,
 * recorded as the topic and the records of the worker bring them, in bursts that are far faster than the line.
 * Planted fault: a verdict that leaves out what is asked for ahead. What the lines tell is held by
 * `line-ahead.test.ts`.
 */
import { describe, expect, it } from "vitest";

import { encodeRequest } from "@seatline/shared/contract/request.ts";
import type { Layout } from "@seatline/shared/core/seats/layout.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import { isLive } from "@seatline/shared/core/model.ts";
import type { Want } from "@seatline/shared/core/model.ts";
import type { Book } from "@seatline/shared/core/requests.ts";
import { freePlaces } from "@seatline/shared/core/show.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import { buildLine, decideOn, lineAfter } from "@seatline/shared/testing/batches.ts";
import type { TestLine } from "@seatline/shared/testing/batches.ts";
import { layoutOf, seated, standing } from "@seatline/shared/testing/builders.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";
import { NOON, requestBook, requestShow } from "@seatline/shared/testing/requests.ts";

import { guideOf } from "./layouts.ts";
import { LineAhead } from "./line-ahead.ts";
import { VERDICTS, buildOutlook } from "./outlook.ts";
import type { Verdict } from "./outlook.ts";
import { SeatMap } from "./seat-map.ts";

const REQUESTS = 20_000;
const BATCH = 500;
const seed = seedOfRun();

const HALL = layoutOf(
  [
    seated("Stalls", "A-Z", { seatsPerRow: 60, aislesAfter: [20, 40], price: 9_000 }),
    seated("Balcony", "A-T", { seatsPerRow: 80, aislesAfter: [40], price: 5_000 }),
    standing("Floor", 2_000, 6_000),
  ],
  { currency: "EUR" },
);

type Crowd = { readonly layout: Layout; readonly draw: (random: Random) => readonly Want[] };

/** Couples are usual, families less so. */
const sizeOf = (random: Random) => random.pick([1, 2, 2, 2, 2, 3, 4, 4, 5]);

/** Seats that somebody picks on a map: next to each other, anywhere. */
function pickSeats(random: Random, last: number): Want {
  const size = sizeOf(random);
  const first = random.int(1, last - size);
  return { seats: Array.from({ length: size }, (_, index) => first + index) };
}

const CROWDS: Record<string, Crowd> = {
  "a plain show, counts only": {
    layout: buildPlainLayout(8_000),
    draw: (random) => [{ count: sizeOf(random) }],
  },
  "groups side by side": {
    layout: HALL,
    draw: (random) => [{ together: [sizeOf(random)] }],
  },
  "everybody picks seats on the map": {
    layout: buildPlainLayout(8_000),
    draw: (random) => [pickSeats(random, 8_000)],
  },
  "all kinds together, with ladders, sections and prices": {
    layout: HALL,
    draw: (random) =>
      random.pick<() => readonly Want[]>([
        () => [{ count: sizeOf(random) }],
        () => [{ together: [sizeOf(random)] }],
        () => [{ together: [sizeOf(random)], sections: ["Balcony"] }],
        () => [{ count: sizeOf(random), sections: ["Floor"] }],
        () => [{ count: sizeOf(random), priceMax: 6_000 }],
        () => [{ together: [4], sections: ["Stalls"] }, { together: [2, 2] }, { count: 4 }],
      ])(),
  },
};

type Told = Record<Verdict, { asked: number; got: number }>;

class Sale {
  readonly told: Told = {
    likely: { asked: 0, got: 0 },
    uncertain: { asked: 0, got: 0 },
    unlikely: { asked: 0, got: 0 },
  };
  readonly #ahead = new LineAhead();
  readonly #verdicts = new Map<string, Verdict>();
  readonly #waiting: Book[] = [];
  #line: TestLine;
  #show: ShowRow;
  readonly #seats: SeatMap;
  #end: number;

  constructor({ layout }: Crowd) {
    const request = requestShow({ layout });
    const batch = decideOn(buildLine(0), [request]);
    this.#line = lineAfter(buildLine(0), batch);
    this.#end = this.#line.position.next;
    const facts = this.#line.state.shows.get(request.showId)?.facts;
    const [head] = batch.record.shows;
    if (facts === undefined || head === undefined) throw new Error("there is a show");
    this.#show = { ...facts, ...head, number: 1 };
    const none = { taken: [], held: [], standing: [], waiting: [] };
    this.#seats = new SeatMap({ version: 1, ...none }, guideOf(layout));
  }

  /** Somebody asks, and is told in the same moment what to expect. */
  ask(wants: readonly Want[]): void {
    const [want] = wants;
    if (want === undefined) throw new Error("somebody wants something");
    const request = { ...requestBook(this.#show.id, want), wants };
    const place = { partition: 0, offset: this.#end };
    this.#ahead.receive(0, place.offset, encodeRequest(request));
    this.#end += 1;
    const scene = { show: this.#show, seats: this.#seats };
    const { verdict } = buildOutlook(scene, wants, this.#ahead.look(place, this.#show.id));
    this.#verdicts.set(request.requestId, verdict);
    this.#waiting.push(request);
  }

  /** The worker decides a batch, and its record reaches the gateway. */
  decide(): void {
    const requests = this.#waiting.splice(0, BATCH);
    if (requests.length === 0) return;
    const batch = decideOn(this.#line, requests, NOON);
    this.#line = lineAfter(this.#line, batch);
    const [head] = batch.record.shows;
    if (head === undefined) throw new Error("the show was touched");
    this.#show = { ...this.#show, ...head };
    const changed = batch.record.entries.flatMap((entry) => entry.changed);
    this.#seats.apply({ head, changed, isOtherShow: false });
    this.#ahead.trim(0, batch.record.next);
    for (const booking of changed) {
      const told = this.told[this.#verdicts.get(booking.id) ?? "uncertain"];
      told.asked += 1;
      if (isLive(booking)) told.got += 1;
    }
  }

  get isOver(): boolean {
    return this.#waiting.length === 0;
  }

  get free(): number {
    const show = this.#line.state.shows.get(this.#show.id);
    return show === undefined ? 0 : freePlaces(show);
  }
}

function sell(crowd: Crowd, random: Random): Sale {
  const sale = new Sale(crowd);
  for (let asked = 0; asked < REQUESTS; asked++) {
    sale.ask(crowd.draw(random));
    // The door lets in three times what the line decides.
    if (random.chance(1 / (3 * BATCH))) sale.decide();
  }
  while (!sale.isOver) sale.decide();
  return sale;
}

describe(`verdicts on recorded sales of ${REQUESTS} requests (SEED=${seed})`, () => {
  it.each(Object.entries(CROWDS))("%s", { timeout: 60_000 }, (name, crowd) => {
    const sale = sell(crowd, buildRandom(seed));
    const { likely, uncertain, unlikely } = sale.told;
    const share = ({ asked, got }: { asked: number; got: number }) =>
      asked === 0 ? 0 : got / asked;
    const words = VERDICTS.map((verdict) => {
      const told = sale.told[verdict];
      return `${verdict} ${told.asked}, of whom ${(share(told) * 100).toFixed(1)} % got places`;
    });
    console.log(`${name}: ${words.join("; ")}; ${sale.free} places left`);
    expect(likely.asked).toBeGreaterThan(500);
    expect(unlikely.asked).toBeGreaterThan(500);
    expect(likely.asked + uncertain.asked + unlikely.asked).toBe(REQUESTS);
    expect(share(likely)).toBeGreaterThanOrEqual(0.95);
    expect(share(unlikely)).toBeLessThanOrEqual(0.05);
    expect(uncertain.asked / REQUESTS).toBeLessThanOrEqual(0.2);
  });
});
