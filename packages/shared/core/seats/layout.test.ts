/**
 * The arithmetic of a layout against a plain list of all its seats. Planted faults this has caught: standing places
 * that are numbered, a row that begins one seat late, the last row of a section given to the next one, a seat
 * number that is not set apart from a row's number.
 */
import { describe, expect, it } from "vitest";

import { buildRandom, seedOfRun } from "../../testing/random.ts";
import type { Random } from "../../testing/random.ts";
import {
  SeatLabels,
  buildPlainLayout,
  buildSeatPlan,
  layoutPlaces,
  rowOfSeat,
  seatInRow,
  seatsByRow,
  sectionOfSeat,
  sectionPlaces,
} from "./layout.ts";
import type { Layout, SeatedSection, Section } from "./layout.ts";
import { expandRowNames } from "./row-names.ts";

const seed = seedOfRun();

function seated(name: string, rows: string, seatsPerRow: SeatedSection["seatsPerRow"]): Section {
  return { kind: "seated", name, rows, seatsPerRow, aislesAfter: [], price: 0 };
}

function standing(name: string, capacity: number): Section {
  return { kind: "standing", name, capacity, price: 0 };
}

function layoutOf(...sections: Section[]): Layout {
  return { sections, currency: null, accessible: "", blocked: "" };
}

/** Stalls with two rows, a floor, a gallery with one row: seats 1–3, 4–5, none, 6–9. */
const THEATRE = layoutOf(
  seated("Stalls", "A-B", [3, 2]),
  standing("Floor", 100),
  seated("Gallery", "12", 4),
);

type Walked = { readonly label: string; readonly section: number; readonly row: number };

/** Every seat by walking through the house; index 0 is seat 1. */
function walk(layout: Layout): Walked[] {
  const walked: Walked[] = [];
  let row = -1;
  for (const [index, section] of layout.sections.entries()) {
    if (section.kind !== "seated") continue;
    const names = expandRowNames(section.rows, 1_000) ?? [];
    const { seatsPerRow } = section;
    for (const [at, name] of names.entries()) {
      row += 1;
      const seats = typeof seatsPerRow === "number" ? seatsPerRow : (seatsPerRow[at] ?? 0);
      for (let number = 1; number <= seats; number++) {
        const label = `${section.name} ${seatInRow(name, number)}`;
        walked.push({ label, section: index, row });
      }
    }
  }
  return walked;
}

function buildSection(random: Random, index: number): Section {
  const name = `Section ${index}`;
  if (random.chance(0.3)) return standing(name, random.int(0, 500));
  const count = random.int(1, 12);
  const rows = random.chance(0.5) ? `1-${count}` : `A-${"ABCDEFGHIJKL"[count - 1]}`;
  if (random.chance(0.5)) return seated(name, rows, random.int(1, 40));
  const list = Array.from({ length: count }, () => random.int(1, 40));
  return seated(name, rows, list);
}

describe("a layout of sections", () => {
  it("counts standing places, and gives them no number", () => {
    expect(layoutPlaces(THEATRE)).toBe(109);
    expect(THEATRE.sections.map(sectionPlaces)).toEqual([5, 100, 4]);
    expect(buildSeatPlan(THEATRE).seats).toBe(9);
  });

  it("has a plan of sections and rows in the numbering of the show", () => {
    const stalls = { kind: "seated", firstSeat: 1, seats: 5, firstRow: 0, rows: 2 };
    const floor = { kind: "standing", firstSeat: 6, seats: 0, firstRow: 2, rows: 0 };
    const gallery = { kind: "seated", firstSeat: 6, seats: 4, firstRow: 2, rows: 1 };
    const { sections, rowFirst } = buildSeatPlan(THEATRE);
    expect(sections).toEqual(
      [stalls, floor, gallery].map((section) => ({ ...section, aislesAfter: [] })),
    );
    expect([...rowFirst]).toEqual([1, 4, 6, 10]);
  });

  it("keeps the aisles of a section", () => {
    const section = { ...seated("Stalls", "A-B", 30), aislesAfter: [10, 20] };
    expect(buildSeatPlan(layoutOf(section)).sections[0]?.aislesAfter).toEqual([10, 20]);
  });

  it.each([
    [1, "Stalls A1"],
    [3, "Stalls A3"],
    [4, "Stalls B1"],
    [5, "Stalls B2"],
    [6, "Gallery 12-1"],
    [9, "Gallery 12-4"],
  ])("calls seat %i %s", (seat, label) => {
    expect(new SeatLabels(THEATRE).of(seat)).toBe(label);
  });

  it("has no name for a seat that it does not have", () => {
    const labels = new SeatLabels(THEATRE);
    expect(() => labels.of(10)).toThrow("seat 10 is in 1…9");
    expect(() => labels.of(0)).toThrow("seat 0 is in 1…9");
  });

  it("finds seats beside sections without any", () => {
    const plan = buildSeatPlan(
      layoutOf(
        standing("Front", 10),
        standing("Pit", 0),
        seated("Stalls", "A", 2),
        standing("Left", 5),
        standing("Right", 5),
        seated("Gallery", "A", 1),
        standing("Back", 9),
      ),
    );
    expect([1, 2, 3].map((seat) => sectionOfSeat(plan, seat))).toEqual([2, 2, 5]);
    expect([1, 2, 3].map((seat) => rowOfSeat(plan, seat))).toEqual([0, 0, 1]);
  });

  it("may have no seats at all", () => {
    const layout = layoutOf(standing("Floor", 500));
    expect(layoutPlaces(layout)).toBe(500);
    expect(buildSeatPlan(layout).seats).toBe(0);
    expect(() => sectionOfSeat(buildSeatPlan(layout), 1)).toThrow("seat 1 is in 1…0");
  });

  it(`is what a walk through the house says (seed ${seed})`, () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 200; round++) {
      const length = random.int(1, 6);
      const sections = Array.from({ length }, (_, index) => buildSection(random, index));
      const layout = layoutOf(...sections);
      const [walked, plan, labels] = [walk(layout), buildSeatPlan(layout), new SeatLabels(layout)];
      expect(plan.seats).toBe(walked.length);
      const told = walked.map((_, index) => ({
        label: labels.of(index + 1),
        section: sectionOfSeat(plan, index + 1),
        row: rowOfSeat(plan, index + 1),
      }));
      expect(told).toEqual(walked);
      const places = sections.map((section, index) =>
        section.kind === "standing"
          ? section.capacity
          : walked.filter((seat) => seat.section === index).length,
      );
      expect(sections.map(sectionPlaces)).toEqual(places);
      expect(layoutPlaces(layout)).toBe(places.reduce((sum, count) => sum + count, 0));
    }
  });
});

describe("the seats of rows", () => {
  it.each([
    [3, [3, 3]],
    [
      [3, 2],
      [3, 2],
    ],
  ])("given as %j are %j", (seatsPerRow, seats) => {
    const section = { ...seated("Stalls", "A-B", seatsPerRow), kind: "seated" } as SeatedSection;
    expect(seatsByRow(section)).toEqual(seats);
  });

  it.each([
    ["A", 11, "A11"],
    ["AA", 1, "AA1"],
    ["12", 7, "12-7"],
    ["A1", 1, "A1-1"],
    ["Loge", 3, "Loge3"],
  ])("in row %s number %i is %s", (row, number, text) => {
    expect(seatInRow(row, number)).toBe(text);
  });
});

describe.each([1, 31, 32, 33, 1_000_000])("a plain layout of %i", (size) => {
  it("is one line of so many seats, each called by its number", () => {
    const layout = buildPlainLayout(size);
    const [plan, labels] = [buildSeatPlan(layout), new SeatLabels(layout)];
    expect(layoutPlaces(layout)).toBe(size);
    expect([plan.seats, plan.sections.length, plan.rowFirst.length]).toEqual([size, 1, 1]);
    expect(sectionOfSeat(plan, size)).toBe(0);
    expect([labels.of(1), labels.of(size)]).toEqual(["1", String(size)]);
    expect(() => labels.of(size + 1)).toThrow(`seat ${size + 1} is in 1…${size}`);
  });
});
