/** The arithmetic of a layout against a plain list of all its seats. */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import {
  buildPlainLayout,
  layoutCapacity,
  layoutSeats,
  seatLabel,
  sectionCapacity,
} from "./layout.ts";
import type { Layout, Section } from "./layout.ts";

const SIZES = [1, 31, 32, 33, 1023, 1024, 1025, 32_768, 1_000_000];
const seed = seedOfRun();

/** Stalls with two rows, a floor, a gallery with one row: seats 1–3, 4–5, none, 6–9. */
const THEATRE: Layout = {
  sections: [
    {
      kind: "seated",
      name: "Stalls",
      rows: [
        { name: "A", seats: 3 },
        { name: "B", seats: 2 },
      ],
    },
    { kind: "standing", name: "Floor", capacity: 100 },
    { kind: "seated", name: "Gallery", rows: [{ name: "C", seats: 4 }] },
  ],
};

/** Every seat's label by walking through the house; index 0 is seat 1. */
function walk(layout: Layout): string[] {
  const labels: string[] = [];
  for (const section of layout.sections) {
    if (section.kind === "standing") continue;
    for (const row of section.rows) {
      for (let seat = 1; seat <= row.seats; seat++) {
        labels.push(`${section.name} ${row.name}${seat}`);
      }
    }
  }
  return labels;
}

function buildSection(random: Random, index: number): Section {
  const name = `Section ${index}`;
  if (random.chance(0.3)) return { kind: "standing", name, capacity: random.int(1, 500) };
  const rows = Array.from({ length: random.int(1, 12) }, (_, row) => ({
    name: `R${row}-`,
    seats: random.int(1, 40),
  }));
  return { kind: "seated", name, rows };
}

describe("a layout of sections", () => {
  it("counts standing places as capacity and not as seats", () => {
    expect(layoutCapacity(THEATRE)).toBe(109);
    expect(layoutSeats(THEATRE)).toBe(9);
    expect(THEATRE.sections.map(sectionCapacity)).toEqual([5, 100, 4]);
  });

  it.each([
    [1, "Stalls A1"],
    [3, "Stalls A3"],
    [4, "Stalls B1"],
    [5, "Stalls B2"],
    [6, "Gallery C1"],
    [9, "Gallery C4"],
  ])("calls seat %i %s", (seat, label) => {
    expect(seatLabel(THEATRE, seat)).toBe(label);
  });

  it("has no name for a seat that it does not have", () => {
    expect(() => seatLabel(THEATRE, 10)).toThrow("seat 10 is not in the layout");
  });

  it(`is what a walk through the house says (seed ${seed})`, () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 200; round++) {
      const length = random.int(1, 6);
      const layout = {
        sections: Array.from({ length }, (_, index) => buildSection(random, index)),
      };
      const labels = walk(layout);
      expect(layoutSeats(layout)).toBe(labels.length);
      expect(labels.map((_, index) => seatLabel(layout, index + 1))).toEqual(labels);
      const standing = layout.sections.filter(({ kind }) => kind === "standing");
      const places = standing.reduce((sum, section) => sum + sectionCapacity(section), 0);
      expect(layoutCapacity(layout)).toBe(labels.length + places);
    }
  });
});

describe.each(SIZES)("a plain layout of %i", (size) => {
  it("is one row of so many seats, each called by its number", () => {
    const layout = buildPlainLayout(size);
    expect(layoutCapacity(layout)).toBe(size);
    expect(layoutSeats(layout)).toBe(size);
    expect(seatLabel(layout, 1)).toBe("1");
    expect(seatLabel(layout, size)).toBe(String(size));
    expect(() => seatLabel(layout, size + 1)).toThrow("is not in the layout");
  });
});
