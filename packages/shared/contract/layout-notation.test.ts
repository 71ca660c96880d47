/**
 * The notation of layouts, there and back, and everything that is refused. Planted faults this has caught: a
 * section that begins one seat late, references that are not joined, a seat written like a row of its name, a
 * whole row written as a run, rows that are made before they are counted or that count only where they are right,
 * faults beyond the first lost, the same fault told for every row, a price without a currency taken, standing
 * places not counted, ranges beyond the last seat taken.
 */
import { Compile } from "typebox/compile";
import { describe, expect, it } from "vitest";

import { SeatLabels, buildPlainLayout, buildSeatPlan, layoutPlaces } from "../core/seats/layout.ts";
import type { Layout, Section } from "../core/seats/layout.ts";
import { encodeRanges } from "../core/seats/ranges.ts";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import { buildLayout, checkLayout, findLayoutFault, viewLayout } from "./layout-notation.ts";
import { LayoutAnswer, LayoutBody, LayoutSchema } from "./layout-schemas.ts";

const body = Compile(LayoutBody);
const answer = Compile(LayoutAnswer);
const message = Compile(LayoutSchema);
const seed = seedOfRun();

/** The example of the API's description. */
const SEATED = { rows: "A-T", seatsPerRow: 30, aislesAfter: [10, 20], blocked: ["A1", "A30"] };
const STALLS = { name: "Stalls", ...SEATED, price: 8900 };
const WIDE = { rows: "A-F", seatsPerRow: 40, accessible: ["A1", "A40"] };
const BALCONY = { name: "Balcony", ...WIDE, price: 4500 };
const FLOOR = { name: "Floor", standing: 500, price: 6900 };
const EXAMPLE = { currency: "EUR", sections: [STALLS, BALCONY, FLOOR] };

/** Small seated sections, each with the rows A, B and 12 of four seats unless it says otherwise. */
function boxes(...sections: object[]) {
  const named = (index: number) => ({ name: `Box ${index}`, rows: "A-B,12", seatsPerRow: 4 });
  return { sections: sections.map((section, index) => ({ ...named(index), ...section })) };
}

function pit(standing: number) {
  return { name: "Pit", standing };
}

function parseBody(input: unknown) {
  if (!body.Check(input)) throw new TypeError(JSON.stringify(body.Errors(input)));
  const check = checkLayout(input);
  const { faults } = check;
  return faults.length > 0 ? { faults } : { layout: buildLayout(input, check) };
}

function layoutOf(input: unknown): Layout {
  const parsed = parseBody(input);
  if ("faults" in parsed) throw new TypeError(JSON.stringify(parsed.faults));
  return parsed.layout;
}

/** What is wrong, as one line for each fault. */
function faultsOf(input: unknown): string[] {
  const parsed = parseBody(input);
  return "faults" in parsed ? parsed.faults.map(({ path, message }) => `${path} ${message}`) : [];
}

/** What an answer gives back to who would create the same show again. */
function bodyOf(layout: Layout): unknown {
  const viewed = viewLayout(layout);
  const isPlain = viewed.sections === undefined;
  const derived = new Set(isPlain ? ["accessible", "blocked"] : ["capacity", "firstSeat"]);
  const given = (key: string, value: unknown) => (derived.has(key) ? undefined : value);
  return JSON.parse(JSON.stringify(viewed, given));
}

describe("the example of the API's description", () => {
  const layout = layoutOf(EXAMPLE);
  const labels = new SeatLabels(layout);

  it("is numbered section by section, row by row", () => {
    expect(layoutPlaces(layout)).toBe(600 + 240 + 500);
    expect(buildSeatPlan(layout).seats).toBe(840);
    expect([layout.blocked, layout.accessible]).toEqual(["1,30", "601,640"]);
    const { blocked: _, ...stalls } = STALLS;
    const { standing: capacity, ...floor } = FLOOR;
    expect(layout.sections[0]).toEqual({ kind: "seated", ...stalls });
    expect(layout.sections[2]).toEqual({ kind: "standing", ...floor, capacity });
  });

  it.each([
    [1, "Stalls A1"],
    [11, "Stalls A11"],
    [30, "Stalls A30"],
    [31, "Stalls B1"],
    [600, "Stalls T30"],
    [601, "Balcony A1"],
    [640, "Balcony A40"],
    [840, "Balcony F40"],
  ])("calls seat %i %s", (seat, label) => {
    expect(labels.of(seat)).toBe(label);
  });

  it("is viewed as it was given, with what follows from it", () => {
    expect(viewLayout(layout)).toEqual({
      capacity: 1340,
      currency: "EUR",
      sections: [
        { ...STALLS, accessible: [], firstSeat: 1 },
        { ...BALCONY, aislesAfter: [], blocked: [], firstSeat: 601 },
        FLOOR,
      ],
    });
  });

  it("has no prices without a currency, and with one 0 where none is given", () => {
    const sections = [...boxes({}).sections, pit(5)];
    const free = layoutOf({ sections });
    expect([free.currency, ...free.sections.map(({ price }) => price)]).toEqual([null, 0, 0]);
    expect(JSON.stringify(viewLayout(free))).not.toMatch(/price|currency/);
    const priced = layoutOf({ currency: "EUR", sections: [...sections, FLOOR] });
    expect(priced.sections.map(({ price }) => price)).toEqual([0, 0, 6900]);
  });
});

describe("a plain layout", () => {
  it("is what a capacity gives", () => {
    expect(layoutOf({ capacity: 100 })).toEqual(buildPlainLayout(100));
    const unmarked = { accessible: "", blocked: "" };
    expect(viewLayout(buildPlainLayout(100))).toEqual({ capacity: 100, ...unmarked });
  });

  it("may have a price", () => {
    const [section] = layoutOf({ capacity: 5, currency: "EUR", price: 700 }).sections;
    expect(section).toEqual({ kind: "plain", name: "", seats: 5, price: 700 });
    expect(layoutOf({ capacity: 5, currency: "EUR" }).sections[0]?.price).toBe(0);
  });

  it("shows its seats as ranges", () => {
    const marked = { currency: "EUR", blocked: "3-4,9", accessible: "1" };
    const viewed = viewLayout({ ...buildPlainLayout(9), ...marked });
    expect(viewed).toEqual({ capacity: 9, price: 0, ...marked });
  });
});

describe("references", () => {
  // Behind a section of three, the rows are the seats 4–7, 8–11 and 12–15.
  it.each([
    [["A1"], "4", ["A1"]],
    [["A1", "A2", "A1"], "4-5", ["A1..2"]],
    [["A2..A3", "A3..4"], "5-7", ["A2..4"]],
    [["A1..4"], "4-7", ["A"]],
    [["B", "A"], "4-11", ["A", "B"]],
    [["12-2", "12-4"], "13,15", ["12-2", "12-4"]],
    [["A4", "B", "12-1..2"], "7-13", ["A4", "B", "12-1..2"]],
    [[], "", []],
  ])("%j are seats %j, written %j", (given, seats, written) => {
    const layout = layoutOf(boxes({ rows: "A", seatsPerRow: 3 }, { blocked: given }));
    expect(layout.blocked).toBe(seats);
    expect(viewLayout(layout).sections?.map(({ blocked }) => blocked)).toEqual([[], written]);
  });

  it("of a row's name mean the row, and the seat is written as a run", () => {
    const both = (...blocked: string[]) => layoutOf(boxes({ rows: "A,A1", blocked }));
    expect(both("A1").blocked).toBe("5-8");
    const layout = both("A1..1", "A1-2");
    expect(layout.blocked).toBe("1,6");
    expect(viewLayout(layout).sections?.[0]?.blocked).toEqual(["A1..1", "A1-2"]);
  });
});

describe("a body", () => {
  const ONE_NAME = boxes({ name: "Box" }, { name: "Bar" }, { name: "Box" });
  const NO_KIND = { sections: [{ name: "Box" }, { name: "Bar", rows: "A" }] };
  const TWO = boxes({ rows: "A,A", blocked: ["A9"] }, pit(1));
  const MANY = { currency: "XQQ", price: 1, capacity: 1, ...TWO };
  const NOT_STANDING = "must be left out of a standing section";
  const SIZES = "must have one number for each of the 3 rows";

  it.each([
    [{}, ["/capacity must be given where"]],
    [{ ...boxes({}), capacity: 5 }, ["/capacity must be given where"]],
    [{ capacity: 5, currency: "XQQ" }, ["/currency must be a code of ISO 4217"]],
    [{ capacity: 5, price: 0 }, ["/price must come with a currency"]],
    [{ ...boxes({}), currency: "EUR", price: 5 }, ["/price must be left out where"]],
    [boxes({ price: 5 }, { price: 0 }), ["/0/price must come with a", "/1/price must come with"]],
    [ONE_NAME, ["/2/name must not be that of section 0 as well"]],
    [boxes({ standing: 5 }), [`/0/rows ${NOT_STANDING}`, `/0/seatsPerRow ${NOT_STANDING}`]],
    [NO_KIND, ["/0 must have rows and seatsPerRow, or else standing", "/1 must have rows"]],
    [boxes({ rows: "T-A" }), ["/0/rows must list names of 1 to 20 characters"]],
    [boxes({ rows: "A,A-B" }), ['/0/rows must name the row "A" once']],
    [boxes({ rows: "1-19999" }, { rows: "1-2" }), ["/1/rows must name at most 1 more rows"]],
    [boxes({ seatsPerRow: [1, 2] }), [`/0/seatsPerRow ${SIZES}`]],
    [boxes({ seatsPerRow: [1, 2, 3, 4] }), [`/0/seatsPerRow ${SIZES}`]],
    [boxes({ seatsPerRow: 501 }), ["/0/seatsPerRow must be at most 500"]],
    [boxes({ seatsPerRow: [501, 1, 502] }), ["/0/seatsPerRow/0 must", "/0/seatsPerRow/2 must"]],
    [boxes({ aislesAfter: [2, 2, 3] }), ["/0/aislesAfter/1 must be more than 2"]],
    [boxes({ aislesAfter: [2, 1, 2] }), ["/0/aislesAfter/1 must", "/0/aislesAfter/2 must be more"]],
    [boxes({ seatsPerRow: [2, 3, 1], aislesAfter: [3] }), ["/0/aislesAfter/0 must be less than 3"]],
    [boxes({ blocked: ["A1", "C1", "A"] }), ["/0/blocked/1 must be a seat like A1, a run like"]],
    [boxes({ accessible: ["B3..5"] }), ["/0/accessible/0 must be in row B, whose last seat is 4"]],
    [boxes({}, { rows: "X", blocked: ["A1"] }), ["/1/blocked/0 must be a seat like A1"]],
    [boxes({ rows: "1-2005", seatsPerRow: 500 }), [" must have at most 1000000 places together"]],
    [{ sections: [...boxes({}).sections, pit(999_989)] }, [" must have at most 1000000 places"]],
    [MANY, ["/currency", "/capacity", "/price", "/0/rows", "/0/blocked/0", "/1/rows", "/1/seats"]],
  ])("%j is told what must be put right", (input, told) => {
    const faults = faultsOf(input).map((fault) => fault.replace("/sections", ""));
    expect(faults.map((fault, index) => fault.slice(0, told[index]?.length))).toEqual(told);
  });

  it.each([
    boxes({ rows: "1-2000", seatsPerRow: 500 }),
    boxes({ rows: "1-20000", seatsPerRow: 50 }),
    { sections: [...boxes({}).sections, pit(999_988)] },
    boxes({ seatsPerRow: [1, 3, 2], aislesAfter: [1, 2] }),
  ])("%j may go to the limits", (input) => {
    expect(faultsOf(input)).toEqual([]);
  });

  it("is told of fifty faults at most", () => {
    const blocked = Array.from({ length: 60 }, (_, index) => `X${index}`);
    expect(faultsOf(boxes({ blocked }))).toHaveLength(50);
  });

  it.each([
    ...[0, 1_000_001, 1.5, "5", null].map((capacity) => ({ capacity })),
    { capacity: 5, currency: "eur" },
    { capacity: 5, currency: null },
    ...[-1, 100_000_001].map((price) => ({ capacity: 5, currency: "EUR", price })),
    { capacity: 5, blocked: "1" },
    { sections: [] },
    { sections: Array.from({ length: 1_001 }, () => FLOOR) },
    ...[pit(0), pit(1_000_001), { standing: 5 }].map((section) => ({ sections: [section] })),
    boxes({ name: "" }),
    boxes({ name: "x".repeat(101) }),
    boxes({ rows: "" }),
    boxes({ rows: "x".repeat(20_001) }),
    boxes({ seatsPerRow: 0 }),
    boxes({ seatsPerRow: [4, 0, 4] }),
    boxes({ aislesAfter: [0] }),
    boxes({ blocked: "A1" }),
    boxes({ blocked: ["x".repeat(51)] }),
    boxes({ firstSeat: 1 }),
  ])("is not %j", (input) => {
    expect(body.Check(input)).toBe(false);
  });
});

describe("a hostile body", () => {
  const fill = (unit: string) => unit.repeat(Math.floor(19_999 / unit.length)).slice(0, -1);
  const list = <Item>(length: number, item: (index: number) => Item) =>
    Array.from({ length }, (_, index) => item(index));
  const many = (count: number, section: object) => boxes(...list(count, () => section));
  const rows = "1-999";
  const runs = list(16_000, (index) => `${1 + (index % 999)}-3..499`);
  const noSeats = list(1_200, (index) => (index % 2 === 0 ? "1" : ".").repeat(50));
  const everyRow = list(20_000, (index) => `${1 + (index % 999)}`);

  it.each([
    ["ranges of letters", many(12, { rows: fill("A-ZZZ,") })],
    ["ranges of numbers", many(12, { rows: fill("1-99999,") })],
    ["commas", many(12, { rows: ",".repeat(20_000) })],
    ["names of digits", many(12, { rows: fill("12345678901234567890,") })],
    ["huge rows", many(1_000, { rows: "1-20000", seatsPerRow: 500 })],
    ["rows named twice", many(1_000, { rows: "1-19998,1", seatsPerRow: 500 })],
    ["letters named twice", many(1_000, { rows: "A-ZZZ,A", seatsPerRow: 500 })],
    ["whole rows", boxes({ rows, seatsPerRow: 500, blocked: everyRow })],
    ["runs", boxes({ rows, seatsPerRow: 500, blocked: runs })],
    ["runs out of their rows", many(4, { rows, blocked: runs.slice(0, 4_000) })],
    ["digits and dots", many(4, { rows, blocked: noSeats })],
    ["rows too long", many(6, { rows, seatsPerRow: list(9_000, () => 501) })],
    ["aisles outside", many(1_000, { aislesAfter: list(20, () => 999) })],
    ["one name", { sections: list(1_000, () => FLOOR) }],
  ])("of %s is done with in a few tens of milliseconds", (_, input) => {
    expect(JSON.stringify(input).length).toBeLessThan(256 * 1024);
    // The best of three: the machine may be busy with other things.
    const times = list(3, () => {
      const started = performance.now();
      parseBody(input);
      return performance.now() - started;
    });
    expect(Math.min(...times)).toBeLessThan(100);
  });
});

function buildSection(random: Random, index: number, prices: boolean): Section {
  const name = `Section ${index}`;
  const price = prices ? random.int(0, 10_000) : 0;
  if (random.chance(0.25)) return { kind: "standing", name, capacity: random.int(1, 500), price };
  const rows = random.pick(["A", "A-D", "1-12", "A,A1,A11,1,11", "Z-AC,7", "Loge 1,Loge 2,X"]);
  const count = { A: 1, "A-D": 4, "1-12": 12, "A,A1,A11,1,11": 5, "Z-AC,7": 5 }[rows] ?? 3;
  const seatsPerRow = random.chance(0.5)
    ? random.int(1, 15)
    : Array.from({ length: count }, () => random.int(1, 15));
  const longest = typeof seatsPerRow === "number" ? seatsPerRow : Math.max(...seatsPerRow);
  const aislesAfter = Array.from({ length: longest - 1 }, (_, seat) => seat + 1).filter(() =>
    random.chance(0.2),
  );
  return { kind: "seated", name, rows, seatsPerRow, aislesAfter, price };
}

function randomLayout(random: Random): Layout {
  const currency = random.chance(0.5) ? random.pick(["EUR", "JPY"]) : null;
  if (random.chance(0.1)) {
    const plain = buildPlainLayout(random.int(1, 1_000_000));
    const price = currency === null ? 0 : random.int(0, 100);
    return { ...plain, currency, sections: plain.sections.map((one) => ({ ...one, price })) };
  }
  const sections = Array.from({ length: random.int(1, 5) }, (_, index) =>
    buildSection(random, index, currency !== null),
  );
  const unmarked = { sections, currency, accessible: "", blocked: "" };
  const { seats } = buildSeatPlan(unmarked);
  const choose = () => {
    const density = random.pick([0, 0.1, 0.5, 0.95, 1]);
    return encodeRanges(
      Array.from({ length: seats }, (_, index) => index + 1).filter(() => random.chance(density)),
    );
  };
  return { ...unmarked, accessible: choose(), blocked: choose() };
}

describe("any layout", () => {
  it(`comes back from its notation and stands in messages (seed ${seed})`, () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 500; round++) {
      const layout = randomLayout(random);
      expect(layoutOf(bodyOf(layout))).toEqual(layout);
      expect(answer.Check(viewLayout(layout))).toBe(true);
      expect(message.Check(JSON.parse(JSON.stringify(layout)))).toBe(true);
      expect(findLayoutFault(layout)).toBeNull();
    }
  });
});

describe("a layout in a message", () => {
  const layout = layoutOf(EXAMPLE);
  const [stalls, balcony, floor] = layout.sections;
  const change = (section: object) => ({
    ...layout,
    sections: [{ ...stalls, ...section }, balcony, floor],
  });

  it.each([
    ["members that we do not know", { ...change({ colour: "red" }), stage: "north" }],
    ["a currency that Node does not know", { ...layout, currency: "XQQ" }],
    ["an emptied section", { ...layout, sections: [stalls, balcony, { ...floor, capacity: 0 }] }],
  ])("may have %s", (_, input) => {
    expect(message.Check(input)).toBe(true);
    expect(findLayoutFault(input as Layout)).toBeNull();
  });

  it.each([
    ["no sections", { ...layout, sections: [] }],
    ["a section of another kind", change({ kind: "lying" })],
    ["a nameless section", change({ name: "" })],
    ["rows in a list", change({ rows: ["A"] })],
    ["an empty row", change({ seatsPerRow: 0 })],
    ["half a seat", change({ seatsPerRow: 1.5 })],
    ["a negative aisle", change({ aislesAfter: [-1] })],
    ["no aisles", change({ aislesAfter: undefined })],
    ["no price", change({ price: undefined })],
    ["a price that is too high", change({ price: 100_000_001 })],
    ["a plain section with a name", change({ kind: "plain", name: "Line", seats: 5 })],
    ["a plain section without seats", change({ kind: "plain", name: "", seats: 0 })],
    ["no currency at all", { ...layout, currency: undefined }],
    ["a currency in words", { ...layout, currency: "Euro" }],
    ["blocked seats in a list", { ...layout, blocked: [1] }],
  ])("with %s is none", (_, input) => {
    expect(message.Check(input)).toBe(false);
  });

  const PLAIN = { kind: "plain", name: "", seats: 5, price: 0 } as const;

  it.each([
    ["/sections/0/rows must list names", change({ rows: "T-A" })],
    ['/sections/0/rows must name the row "A" once', change({ rows: "A,A" })],
    ["/sections/0/rows must name at most 20000", change({ rows: "1-20001" })],
    ["/sections/0/seatsPerRow must have one number", change({ seatsPerRow: [30] })],
    ["/sections/0/seatsPerRow must be at most 500", change({ seatsPerRow: 501 })],
    ["/sections/0/aislesAfter/0 must be less than 30", change({ aislesAfter: [30] })],
    ["/sections/2/name must not be that of section 0", change({ name: "Floor" })],
    ["/sections/0/price must come with a currency", { ...layout, currency: null }],
    ["/sections/0 must be the only section if it is plain", change(PLAIN)],
    ["/sections must have at most 1000000", change({ rows: "1-2001", seatsPerRow: 500 })],
    ["/blocked must be ascending ranges", { ...layout, blocked: "2,1" }],
    ["/accessible must be ascending ranges", { ...layout, accessible: "1-3,3" }],
    ["/blocked must be ascending ranges", { ...layout, blocked: "3,841" }],
    ["/accessible must be ascending", { ...buildPlainLayout(5), accessible: "4-6" }],
  ])("is refused because %s", (told, input) => {
    if (!message.Check(input)) throw new TypeError(JSON.stringify(message.Errors(input)));
    const fault = findLayoutFault(input)?.slice(0, `/layout${told}`.length);
    expect(fault).toBe(`/layout${told}`);
  });
});
