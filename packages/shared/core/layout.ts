/**
 * The shape of a show: sections of numbered seats in rows, and standing sections with a capacity.
 * Seats are numbered through the whole show from 1, section by section, row by row; standing places
 * have no number.
 */
import { assert } from "./assert.ts";

export type Row = { readonly name: string; readonly seats: number };
export type SeatedSection = {
  readonly kind: "seated";
  readonly name: string;
  readonly rows: readonly Row[];
};
export type StandingSection = {
  readonly kind: "standing";
  readonly name: string;
  readonly capacity: number;
};
export type Section = SeatedSection | StandingSection;
export type Layout = { readonly sections: readonly Section[] };

/** The layout of a plain `capacity: N` show: one unnamed row, seats 1…N. */
export function buildPlainLayout(capacity: number): Layout {
  return { sections: [{ kind: "seated", name: "", rows: [{ name: "", seats: capacity }] }] };
}

/** How many places a section has. */
export function sectionCapacity(section: Section): number {
  return section.kind === "standing"
    ? section.capacity
    : section.rows.reduce((sum, row) => sum + row.seats, 0);
}

/** How many places the show has, standing ones included. */
export function layoutCapacity(layout: Layout): number {
  return layout.sections.reduce((sum, section) => sum + sectionCapacity(section), 0);
}

/** How many numbered seats the show has; the last seat bears this number. */
export function layoutSeats(layout: Layout): number {
  return layout.sections.reduce(
    (sum, section) => sum + (section.kind === "seated" ? sectionCapacity(section) : 0),
    0,
  );
}

/** The name people read on a ticket, like `Stalls A11`; on a plain show just the number. */
export function seatLabel(layout: Layout, seat: number): string {
  let first = 1;
  for (const section of layout.sections) {
    if (section.kind === "standing") continue;
    for (const row of section.rows) {
      if (seat < first + row.seats) {
        return `${section.name} ${row.name}${seat - first + 1}`.trim();
      }
      first += row.seats;
    }
  }
  assert(false, `seat ${seat} is not in the layout`);
}
