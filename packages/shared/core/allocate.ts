/**
 * Chooses places for a booking's wants, tried in order: the first that fits is taken, whole.
 * Reads the show and changes nothing.
 */
import { assert } from "./assert.ts";
import { layoutSeats, sectionCapacity } from "./layout.ts";
import type { Layout } from "./layout.ts";
import type { Allocation, RefusalFacts, RefusalReason, StandingPlaces, Want } from "./model.ts";
import { freePlaces, freeStanding } from "./show.ts";
import type { Show } from "./show.ts";

export type Shortage = { readonly reason: RefusalReason; readonly facts: RefusalFacts };

type Places = { readonly seats: readonly number[]; readonly standing: readonly StandingPlaces[] };

/** The seats among the wants that the layout does not have. */
export function unknownSeats(layout: Layout, wants: readonly Want[]): number[] {
  const last = layoutSeats(layout);
  return wants.flatMap((want) => ("seats" in want ? want.seats : [])).filter((seat) => seat > last);
}

/** Places for the first want that fits, or why the last one tried does not. */
export function allocate(show: Show, wants: readonly Want[]): Allocation | Shortage {
  let shortage: Shortage | undefined;
  for (const [index, want] of wants.entries()) {
    const found =
      "seats" in want ? allocateSeats(show, want.seats) : allocateCount(show, want.count);
    if (!("reason" in found)) return { want: index, ...found };
    shortage = found;
  }
  assert(shortage !== undefined, "a booking wants at least one thing");
  return shortage;
}

function allocateSeats(show: Show, seats: readonly number[]): Places | Shortage {
  const taken = seats.filter((seat) => show.taken.has(seat));
  if (taken.length > 0) return { reason: "seats-taken", facts: { seats: taken } };
  return { seats, standing: [] };
}

/** The first free places in the layout's order, section by section. */
function allocateCount(show: Show, count: number): Places | Shortage {
  const free = freePlaces(show);
  if (free < count) return { reason: "not-enough-seats", facts: { free, held: show.held } };
  const seats: number[] = [];
  const standing: StandingPlaces[] = [];
  let missing = count;
  let first = 1;
  for (const [index, section] of show.facts.layout.sections.entries()) {
    if (missing === 0) break;
    if (section.kind === "standing") {
      const taken = Math.min(missing, freeStanding(show, index));
      if (taken > 0) standing.push({ section: index, count: taken });
      missing -= taken;
      continue;
    }
    const last = first + sectionCapacity(section) - 1;
    let seat = show.taken.nextFree(first);
    while (missing > 0 && seat !== null && seat <= last) {
      seats.push(seat);
      missing -= 1;
      seat = show.taken.nextFree(seat + 1);
    }
    first = last + 1;
  }
  assert(missing === 0, "the counters agree with the seats");
  return { seats, standing };
}
