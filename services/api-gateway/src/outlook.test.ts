/**
 * What was told while a request stood in the line, against what became of it: whole sales of 20,000 requests,
 * recorded as the topic and the records of the worker bring them, in bursts that are far faster than the line.
 * And, in tables, what is certain. Planted faults: what is asked for ahead left out; accessible seats given to
 * everybody, or their wants counted with all others; a limit or the sale not looked at, or the sale at another
 * time; seats that are taken or blocked still counted for who names them. What the lines tell is held by
 * `line-ahead.test.ts`.
 */
import { describe, expect, it } from "vitest";

import { VERDICTS } from "@seatline/shared/contract/http.ts";
import type { Verdict } from "@seatline/shared/contract/http.ts";
import { encodeRequest } from "@seatline/shared/contract/request.ts";
import type { Layout } from "@seatline/shared/core/seats/layout.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import { joinRanges } from "@seatline/shared/core/seats/ranges.ts";
import { isLive } from "@seatline/shared/core/model.ts";
import type { ShowRules, Want } from "@seatline/shared/core/model.ts";
import type { Book, ShowChanges } from "@seatline/shared/core/requests.ts";
import { freePlaces } from "@seatline/shared/core/show.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import { buildLine, decideOn, lineAfter } from "@seatline/shared/testing/batches.ts";
import type { TestLine } from "@seatline/shared/testing/batches.ts";
import { layoutOf, seated, standing } from "@seatline/shared/testing/builders.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import type { Random } from "@seatline/shared/testing/random.ts";
import {
  NOON,
  requestBook,
  requestChange,
  requestShow,
} from "@seatline/shared/testing/requests.ts";

import { guideOf } from "./layouts.ts";
import { LineAhead } from "./line-ahead.ts";
import { buildOutlook } from "./outlook.ts";
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

/** The last rows of the stalls and the ends of the balcony's are accessible, the first seats not for sale. */
const MARKED_HALL: Layout = {
  ...HALL,
  accessible: joinRanges([
    { first: 1_321, last: 1_560 },
    ...Array.from({ length: 20 }, (_, row) => ({
      first: 1_631 + row * 80,
      last: 1_640 + row * 80,
    })),
  ]),
  blocked: "1-300,1321-1330,3001-3160",
};

type House = {
  readonly layout: Layout;
  readonly rules?: Partial<ShowRules>;
  /** What was changed of the show before anybody asked. */
  readonly changes?: ShowChanges;
};
type Crowd = House & { readonly draw: (random: Random) => readonly Want[] };

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
  "accessible and blocked seats, and limits": {
    layout: MARKED_HALL,
    rules: { seatsPerBookingMax: 6, seatsPerCustomerMax: 4 },
    draw: (random) =>
      random.pick<() => readonly Want[]>([
        () => [{ count: sizeOf(random) }],
        () => [{ count: sizeOf(random) }],
        () => [{ together: [sizeOf(random)] }],
        () => [{ together: [sizeOf(random)], sections: ["Stalls"] }],
        () => [{ count: random.int(1, 2), accessible: true }],
        () => [{ together: [2], accessible: true }, { count: 2 }],
        () => [{ count: 2, accessible: true, sections: ["Balcony"] }],
        () => [{ together: [5] }, { count: random.pick([2, 3, 7]) }],
        () => [pickSeats(random, 3_160)],
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
  /** By the clocks of the log and of the gateway. */
  now = NOON;
  readonly #ahead = new LineAhead(() => this.now);
  readonly #verdicts = new Map<string, Verdict>();
  readonly #waiting: { readonly request: Book; readonly askedAt: number }[] = [];
  /** Every request is like this one: a genuine id and hash for each would cost as much as its decision. */
  readonly #pattern: Book;
  #line: TestLine;
  #show: ShowRow;
  readonly #seats: SeatMap;
  #end: number;

  constructor({ layout, rules = {}, changes = {} }: House) {
    const request = requestShow({ layout, rules });
    const created = lineAfter(buildLine(0), decideOn(buildLine(0), [request]));
    const batch = decideOn(created, [requestChange(request.showId, changes)]);
    this.#line = lineAfter(created, batch);
    this.#pattern = requestBook(request.showId, { count: 1 });
    this.#end = this.#line.position.next;
    const facts = this.#line.state.shows.get(request.showId)?.facts;
    const [head] = batch.record.shows;
    if (facts === undefined || head === undefined) throw new Error("there is a show");
    this.#show = { ...facts, ...head, number: 1 };
    const none = { taken: [], held: [], standing: [], waiting: [] };
    this.#seats = new SeatMap({ version: head.version, ...none }, guideOf(facts.layout));
  }

  /** Somebody asks, and is told in the same moment what to expect. */
  ask(wants: readonly Want[]): number {
    const offset = this.#end;
    const { requestId: id } = this.#pattern;
    const requestId = `${id.slice(0, -8)}${offset.toString(16).padStart(8, "0")}`;
    const request = { ...this.#pattern, requestId, customer: requestId, wants };
    this.#ahead.receive(0, offset, encodeRequest(request));
    this.#end += 1;
    this.#verdicts.set(requestId, this.look(offset, wants));
    this.#waiting.push({ request, askedAt: this.now });
    return offset;
  }

  /** What is told about a place in the line, with or without the map of the seats at hand. */
  look(offset: number, wants: readonly Want[], hasMap = true): Verdict {
    const scene = { show: this.#show, seats: hasMap ? this.#seats : null };
    return buildOutlook(scene, wants, { ahead: this.#ahead, place: { partition: 0, offset } })
      .verdict;
  }

  /** The worker decides a batch, and its record reaches the gateway. Says whether its last got places. */
  decide(): boolean {
    const [first] = this.#waiting;
    if (first === undefined) return false;
    const later = this.#waiting.findIndex(({ askedAt }) => askedAt !== first.askedAt);
    const size = later < 0 ? BATCH : Math.min(BATCH, later);
    const requests = this.#waiting.splice(0, size).map(({ request }) => request);
    const batch = decideOn(this.#line, requests, first.askedAt);
    this.#line = lineAfter(this.#line, batch);
    const [head] = batch.record.shows;
    // Nothing of a show changes where everybody is refused.
    if (head !== undefined) this.#show = { ...this.#show, ...head };
    const changed = batch.record.entries.flatMap((entry) => entry.changed);
    if (head !== undefined) this.#seats.apply({ head, changed, isOtherShow: false });
    this.#ahead.trim(0, batch.record.next);
    for (const booking of changed) {
      const told = this.told[this.#verdicts.get(booking.id) ?? "uncertain"];
      told.asked += 1;
      if (isLive(booking)) told.got += 1;
    }
    return changed.some((booking) => booking.id === requests.at(-1)?.requestId && isLive(booking));
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

type Case = {
  readonly taken?: readonly number[];
  readonly ahead?: readonly (readonly Want[])[];
  readonly wants: readonly Want[];
  readonly hasMap?: boolean;
  readonly told: Verdict;
};

/** Two rows of ten seats, of which one is blocked and three are accessible; and five may stand. */
const SMALL: House = {
  layout: layoutOf([seated("Stalls", "A-B", { price: 20 }), standing("Floor", 5, 10)], {
    currency: "EUR",
    accessible: "9-10,15",
    blocked: "1",
  }),
};
const PLAIN: House = { layout: buildPlainLayout(10) };
const LIMITED: House = { ...PLAIN, rules: { seatsPerBookingMax: 4, seatsPerCustomerMax: 3 } };

/** What is told. A case itself is wrong if the core decides otherwise than it says. */
function tell(house: House, { taken = [], ahead = [], wants, hasMap = true, told }: Case) {
  const sale = new Sale(house);
  for (const seat of taken) sale.ask([{ seats: [seat] }]);
  sale.decide();
  for (const wants of ahead) sale.ask(wants);
  const offset = sale.ask(wants);
  const verdict = sale.look(offset, wants, hasMap);
  const isRight = sale.decide() === (told === "likely") || told === "uncertain";
  return isRight ? verdict : `${verdict}, and told wrong`;
}

/** Each with itself in words, for the name of the test. */
function titled(cases: readonly Case[]): readonly (readonly [string, Case])[] {
  return cases.map((it) => [JSON.stringify(it), it]);
}

const accessible = true;

describe("accessible seats are apart from all others", () => {
  it.each(
    titled([
      { wants: [{ count: 21 }], told: "likely" },
      { wants: [{ count: 22 }], told: "unlikely" },
      { wants: [{ count: 3, accessible }], told: "likely" },
      { wants: [{ count: 4, accessible }], told: "unlikely" },
      { taken: [9], wants: [{ count: 3, accessible }], told: "unlikely" },
      { taken: [9], wants: [{ count: 21 }], told: "likely" },
      { wants: [{ count: 1, accessible, sections: ["Floor"] }], told: "unlikely" },
      { wants: [{ count: 16, sections: ["Stalls"] }], told: "likely" },
      { wants: [{ count: 17, sections: ["Stalls"] }], told: "unlikely" },
      { ahead: [[{ count: 3, accessible }]], wants: [{ count: 21 }], told: "likely" },
      { ahead: [[{ count: 21 }]], wants: [{ count: 3, accessible }], told: "likely" },
      { ahead: [[{ count: 2, accessible }]], wants: [{ count: 3, accessible }], told: "unlikely" },
      { ahead: [[{ seats: [9, 10] }]], wants: [{ count: 2, accessible }], told: "unlikely" },
      { ahead: [[{ seats: [9, 10] }]], wants: [{ count: 21 }], told: "likely" },
      { ahead: [[{ seats: [2, 3] }]], wants: [{ count: 3, accessible }], told: "likely" },
      { ahead: [[{ count: 20 }]], wants: [{ seats: [9] }], told: "likely" },
      { ahead: [[{ count: 20 }]], wants: [{ seats: [8] }], told: "unlikely" },
      { ahead: [[{ count: 3, accessible }]], wants: [{ seats: [15] }], told: "uncertain" },
      // A row's only neighbours among them are 9 and 10.
      { wants: [{ together: [2], accessible }], told: "uncertain" },
      { wants: [{ together: [3], accessible }], told: "unlikely" },
      { wants: [{ together: [11], sections: ["Stalls"] }], told: "unlikely" },
      { wants: [{ seats: [9], accessible }], told: "likely" },
      { wants: [{ seats: [8, 9], accessible }], told: "unlikely" },
      { wants: [{ seats: [2], priceMax: 10 }], told: "unlikely" },
      // Without the map nobody knows which seats are free.
      { hasMap: false, wants: [{ count: 21 }], told: "likely" },
      { hasMap: false, wants: [{ count: 22 }], told: "uncertain" },
      { hasMap: false, wants: [{ count: 25 }], told: "unlikely" },
      { hasMap: false, wants: [{ count: 1, accessible }], told: "uncertain" },
      { hasMap: false, wants: [{ count: 4, accessible }], told: "unlikely" },
    ]),
  )("%s", (_, it) => expect(tell(SMALL, it)).toBe(it.told));

  it.each(
    titled([
      { wants: [{ count: 10 }], told: "likely" },
      { wants: [{ count: 1, accessible }], told: "unlikely" },
      { hasMap: false, wants: [{ count: 10 }], told: "likely" },
      { hasMap: false, wants: [{ count: 1, accessible }], told: "unlikely" },
    ]),
  )("where there are none: %s", (_, it) => expect(tell(PLAIN, it)).toBe(it.told));
});

describe("who is certain to be refused is told so, and keeps nobody else away", () => {
  it.each(
    titled([
      { wants: [{ count: 3 }], told: "likely" },
      { wants: [{ count: 4 }], told: "unlikely" },
      { wants: [{ count: 5 }, { count: 4 }], told: "unlikely" },
      { wants: [{ count: 4 }, { count: 3 }], told: "likely" },
      // One want that is larger than any booking may be, or that is not understood, spoils all.
      { wants: [{ count: 2 }, { count: 5 }], told: "unlikely" },
      { wants: [{ count: 2 }, { seats: [11] }], told: "unlikely" },
      { wants: [{ count: 2 }, { count: 1, sections: ["Attic"] }], told: "unlikely" },
      { ahead: [[{ count: 4 }], [{ count: 5 }]], wants: [{ count: 3 }], told: "likely" },
      {
        ahead: Array.from("abcd", () => [{ count: 4 }, { count: 2 }]),
        wants: [{ count: 2 }],
        told: "likely",
      },
    ]),
  )("limits: %s", (_, it) => expect(tell(LIMITED, it)).toBe(it.told));

  it.each<readonly [string, House, Pick<Case, "taken">]>([
    ["taken", PLAIN, { taken: [5] }],
    ["blocked", { layout: { ...PLAIN.layout, blocked: "5" } }, {}],
  ])("a seat that is %s keeps nobody from the others of who names it", (_, house, taken) => {
    const ahead = [[{ seats: [5, 6] }]];
    const cases: Case[] = [
      { ...taken, wants: [{ seats: [5, 6] }], told: "unlikely" },
      { ...taken, ahead, wants: [{ count: 9 }], told: "likely" },
      { ...taken, ahead, wants: [{ seats: [6] }], told: "likely" },
    ];
    expect(cases.map((it) => tell(house, it))).toEqual(cases.map(({ told }) => told));
    // While it is free they get both, and nobody else does.
    const free = [[{ count: 9 }], [{ seats: [6] }]].map((wants) =>
      tell(PLAIN, { ahead, wants, told: "unlikely" }),
    );
    expect(free).toEqual(["unlikely", "unlikely"]);
  });
});

describe("a sale that refuses", () => {
  const at = NOON + 1_000;
  it.each<{ changes: ShowChanges; askedAt: number; lookedAt?: number; told: Verdict }>([
    { changes: { opensAt: at }, askedAt: at - 1, told: "unlikely" },
    { changes: { opensAt: at }, askedAt: at - 1, lookedAt: at + 9, told: "unlikely" },
    { changes: { opensAt: at }, askedAt: at, told: "likely" },
    { changes: { closesAt: at }, askedAt: at - 1, told: "likely" },
    { changes: { closesAt: at }, askedAt: at - 1, lookedAt: at + 9, told: "likely" },
    { changes: { closesAt: at }, askedAt: at, told: "unlikely" },
    { changes: { sale: "closed" }, askedAt: at, told: "unlikely" },
    { changes: { archived: true }, askedAt: at, told: "unlikely" },
    { changes: { sale: "cancelled" }, askedAt: at, told: "unlikely" },
  ])("$changes, asked $askedAt, looked at $lookedAt: $told", ({ changes, told, ...times }) => {
    const sale = new Sale({ ...PLAIN, changes });
    sale.now = times.askedAt;
    const wants = [{ count: 10 }, { seats: [3] }];
    const offset = sale.ask(wants);
    sale.now = times.lookedAt ?? times.askedAt;
    expect(sale.look(offset, wants)).toBe(told);
    expect(sale.decide()).toBe(told === "likely");
  });

  it("refuses who came too early, and who came in time has all that is free", () => {
    const sale = new Sale({ ...PLAIN, changes: { opensAt: at } });
    sale.now = at - 50;
    for (let early = 0; early < 50; early++) sale.ask([{ count: 2 }]);
    sale.now = at;
    expect(sale.look(sale.ask([{ count: 10 }]), [{ count: 10 }])).toBe("likely");
    sale.decide();
    expect(sale.decide()).toBe(true);
  });
});
