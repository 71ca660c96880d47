/**
 * The shape of a show: sections of numbered seats in rows, standing sections with a capacity, and plain
 * lines of seats. Seats are numbered through the whole show from 1, section by section, row by row; standing
 * places have no number. Sections and rows stand in the order in which they are offered, the best first.
 */
import { assert } from "../assert.ts";
import { expandRowNames } from "./row-names.ts";

/** Most places in a show, blocked ones included. */
export const CAPACITY_MAX = 1_000_000;
/** Most rows in a show. */
export const ROWS_MAX = 20_000;
/** Most seats in a row: the work of finding the best place in one is bounded by it. */
export const ROW_SEATS_MAX = 500;

export type SeatedSection = {
  readonly kind: "seated";
  readonly name: string;
  /** The rows' names, the best row first, in short (`row-names.ts`). */
  readonly rows: string;
  /** For all rows, or for each. */
  readonly seatsPerRow: number | readonly number[];
  /** An aisle passes after the seats with these numbers in their row. */
  readonly aislesAfter: readonly number[];
  /** Of one place, in the currency's minor unit; 0 on a show without prices. */
  readonly price: number;
};
/** Seats in one line, free of rules about rows: what `capacity: N` makes, and then the only section. */
type PlainSection = {
  readonly kind: "plain";
  readonly name: string;
  readonly seats: number;
  readonly price: number;
};
type StandingSection = {
  readonly kind: "standing";
  readonly name: string;
  readonly capacity: number;
  readonly price: number;
};
export type Section = SeatedSection | PlainSection | StandingSection;

export type Layout = {
  readonly sections: readonly Section[];
  /** ISO 4217; null on a show without prices. */
  readonly currency: string | null;
  /** Seats for those who need them, as ranges: given only to a want that asks for them. */
  readonly accessible: string;
  /** Seats that are not for sale, as ranges. Staff may sell them. */
  readonly blocked: string;
};

/** The layout of a plain `capacity: N` show: one unnamed line, seats 1…N. */
export function buildPlainLayout(capacity: number): Layout {
  const line = { kind: "plain", name: "", seats: capacity, price: 0 } as const;
  return { sections: [line], currency: null, accessible: "", blocked: "" };
}

/** A section with its seats and rows in the numbering of the whole show. */
export type PlanSection = {
  readonly kind: Section["kind"];
  /** Its seats are `firstSeat` … `firstSeat + seats - 1`; a standing section has none. */
  readonly firstSeat: number;
  readonly seats: number;
  /** Its rows are `firstRow` … `firstRow + rows - 1`; only a seated section has any. */
  readonly firstRow: number;
  readonly rows: number;
  readonly aislesAfter: readonly number[];
};

/** Where every seat is. It follows from the layout and never changes, whatever is sold, blocked or priced. */
export type SeatPlan = {
  /** How many numbered seats there are: the last one's number. */
  readonly seats: number;
  readonly sections: readonly PlanSection[];
  /** The first seat of each row of the show; one more entry ends the last row. */
  readonly rowFirst: Int32Array;
};

export function buildSeatPlan(layout: Layout): SeatPlan {
  const sections: PlanSection[] = [];
  const rowFirst: number[] = [];
  let seat = 1;
  for (const section of layout.sections) {
    const { kind } = section;
    const [firstSeat, firstRow] = [seat, rowFirst.length];
    if (kind === "plain") seat += section.seats;
    for (const seats of kind === "seated" ? seatsByRow(section) : []) {
      rowFirst.push(seat);
      seat += seats;
    }
    const aislesAfter = kind === "seated" ? section.aislesAfter : [];
    const rows = rowFirst.length - firstRow;
    sections.push({ kind, firstSeat, seats: seat - firstSeat, firstRow, rows, aislesAfter });
  }
  return { seats: seat - 1, sections, rowFirst: Int32Array.from([...rowFirst, seat]) };
}

/** How many seats each row of a section has. */
export function seatsByRow({ rows, seatsPerRow }: SeatedSection): readonly number[] {
  if (typeof seatsPerRow !== "number") return seatsPerRow;
  return Array.from({ length: rowNames(rows).length }, () => seatsPerRow);
}

function rowNames(rows: string): string[] {
  const names = expandRowNames(rows, ROWS_MAX);
  assert(names !== null, "row names are checked where they come from");
  return names;
}

/** The section of a numbered seat, as an index into the layout. */
export function sectionOfSeat(plan: SeatPlan, seat: number): number {
  assert(seat >= 1 && seat <= plan.seats, () => `seat ${seat} is in 1…${plan.seats}`);
  let [low, high] = [0, plan.sections.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((plan.sections[middle]?.firstSeat ?? 0) <= seat) low = middle;
    else high = middle - 1;
  }
  // A section without seats begins where the next one does, and is never the last that begins there.
  return low;
}

/** How many of a section's places have no number. */
export function standingPlaces(section: Section): number {
  return section.kind === "standing" ? section.capacity : 0;
}

/** How many places a section has, blocked ones included. */
export function sectionPlaces(section: Section): number {
  switch (section.kind) {
    case "standing":
      return section.capacity;
    case "plain":
      return section.seats;
    case "seated":
      return seatsByRow(section).reduce((sum, seats) => sum + seats, 0);
  }
}

/** How many places the layout has, standing and blocked ones included. */
export function layoutPlaces(layout: Layout): number {
  return layout.sections.reduce((sum, section) => sum + sectionPlaces(section), 0);
}

/** The names that people read on a ticket, like `Stalls A11`; on a plain show just the number. */
export class SeatLabels {
  readonly #plan: SeatPlan;
  readonly #layout: Layout;
  readonly #rowNames: readonly string[];

  constructor(layout: Layout) {
    this.#layout = layout;
    this.#plan = buildSeatPlan(layout);
    this.#rowNames = layout.sections.flatMap((section) =>
      section.kind === "seated" ? rowNames(section.rows) : [],
    );
  }

  of(seat: number): string {
    const { sections, rowFirst } = this.#plan;
    const index = sectionOfSeat(this.#plan, seat);
    const [section, shape] = [sections[index], this.#layout.sections[index]];
    assert(section !== undefined && shape !== undefined, `section ${index} is in the layout`);
    if (shape.kind !== "seated") return `${shape.name} ${seat - section.firstSeat + 1}`.trim();
    const row = rowOfSeat(this.#plan, seat);
    const place = seatInRow(this.#rowNames[row] ?? "", seat - (rowFirst[row] ?? 0) + 1);
    return `${shape.name} ${place}`;
  }
}

/** A seat within its section: `A11`. Where the row's name ends in a digit the two are kept apart: `12-7`. */
export function seatInRow(rowName: string, number: number): string {
  return /\d$/.test(rowName) ? `${rowName}-${number}` : `${rowName}${number}`;
}

/** The row of a seat of a seated section, as an index into the plan's rows. */
export function rowOfSeat(plan: SeatPlan, seat: number): number {
  const { rowFirst } = plan;
  let [low, high] = [0, rowFirst.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rowFirst[middle] ?? 0) <= seat) low = middle;
    else high = middle - 1;
  }
  return low;
}
