/**
 * The rules of sitting together, one drawn example each: what is open, and who sits where. The exact order
 * of preference is checked against every other choice in `together-brute-force.test.ts`.
 */
import { describe, expect, it } from "vitest";
import { buildRandom, seedOfRun } from "../../testing/random.ts";
import type { Random } from "../../testing/random.ts";
import { buildSeatPlan } from "./layout.ts";
import type { Section } from "./layout.ts";
import { OpenSeats } from "./open-seats.ts";
import { AISLE_COST } from "./open-row.ts";
import { GROUP_SIZE_MAX } from "./row-fits.ts";
import { GROUPS_MAX, chooseTogether } from "./together.ts";
import { SEARCH_STEPS_MAX, TogetherSearch } from "./together-search.ts";
import { Seating } from "./together-seating.ts";
import type { TogetherAsk } from "./together-seating.ts";

const seed = seedOfRun();

/**
 * A section is drawn as its rows, the best first: `oo.|o / oooo` has an open seat for each `o`, a closed one for
 * each dot, and an aisle. `> oo.o` is a plain line, `(oo)` a standing section with two free places.
 */
function readSection(drawing: string): Section {
  const shape = { name: "", price: 0 };
  if (drawing.startsWith("(")) return { ...shape, kind: "standing", capacity: 9 };
  if (drawing.startsWith(">")) return { ...shape, kind: "plain", seats: drawing.length - 2 };
  const rows = drawing.split(" / ");
  const aislesAfter = rows.flatMap((row) =>
    [...row.matchAll(/\|/g)].map(({ index }) => row.slice(0, index).replaceAll("|", "").length),
  );
  const seatsPerRow = rows.map((row) => row.replaceAll("|", "").length);
  return { ...shape, kind: "seated", rows: `1-${rows.length}`, seatsPerRow, aislesAfter };
}

function readShow(drawings: readonly string[], groups: readonly number[]): TogetherAsk {
  const sections = drawings.map(readSection);
  const plan = buildSeatPlan({ sections, currency: null, accessible: "", blocked: "" });
  const open = new OpenSeats(plan);
  const places = drawings.filter((drawing) => !drawing.startsWith("(")).join("");
  const seats = places.replaceAll(/[^o.]/g, "").split("");
  open.open(seats.flatMap((place, index) => (place === "o" ? [index + 1] : [])));
  const freeStanding = (section: number) => (drawings[section]?.match(/o/g) ?? []).length;
  return { open, plan, sections: sections.map((_, index) => index), groups, freeStanding };
}

/** The drawing with a letter for everybody's place: A for the group that was given first. */
function draw(drawings: readonly string[], ask: TogetherAsk): string[] | null {
  const chosen = chooseTogether(ask);
  if (chosen === null) return null;
  let seat = 0;
  return drawings.map((drawing, section) => {
    if (drawing.startsWith("(")) {
      const standing = chosen.flatMap((group, index) =>
        "section" in group && group.section === section ? [nameOf(index).repeat(group.count)] : [],
      );
      return `(${standing.join("").padEnd(ask.freeStanding(section), "o")})`;
    }
    return drawing.replaceAll(/[o.]/g, (place) => {
      seat += 1;
      const index = chosen.findIndex((group) => "seats" in group && group.seats.includes(seat));
      return index === -1 ? place : nameOf(index);
    });
  });
}

function nameOf(group: number): string {
  return "ABCDEFGH".charAt(group);
}

/** Examples as lines of `sizes: open => seated # rule`; sections are parted by `+`. */
function readExamples(table: string) {
  return table
    .trim()
    .split("\n")
    .map((line) => {
      const [, sizes = "", open = "", seated = "", rule = ""] =
        /^\s*([\d,]+): (.+?) +=> (.+?) +# (.+)$/.exec(line) ?? [];
      const groups = sizes.split(",").map(Number);
      return {
        rule,
        groups,
        show: open.split(" + "),
        seated: seated === "none" ? null : seated.split(" + "),
      };
    });
}

const ONE_GROUP = `
  3: ooooooo          => ooAAAoo          # in the middle of the row
  3: oooooooo         => ooAAAooo         # on the lower of two places that are as near to the middle
  2: oo..ooooo        => oo..AAooo        # near the middle of the whole row, sold or not
  1: oooo..oo.        => oooA..oo.        # at the nearest place, if the middle itself is sold
  2: ....oo / oooooo  => ....AA / oooooo  # in the best row, however far from its middle
  2: oo / ooooo       => AA / ooooo       # in a row that is just long enough
  2: oooo             => AAoo             # at the end of a run, if the middle would strand a seat
  2: ooo / oooo       => ooo / AAoo       # in a worse row, if the better one has one seat too many
  2: ooo / .ooo       => AAo / .ooo       # with a seat stranded, if there is nothing else
  1: oooo             => Aooo             # at an end rather than beside it
  2: ooo / o.oo       => ooo / o.AA       # where the seat left over was alone before
  2: oo|o             => AA|o             # where an aisle already parts the seat left over
  3: oo|oo + ooo      => oo|oo + AAA      # not across an aisle, even if the next section is worse
  3: oo|oo + .oooo    => oo|oo + .AAAo    # not across an aisle, even if that strands a seat
  4: oo|oo            => AA|AA            # across an aisle, if there is nothing else
  4: ooo|ooo          => AAA|Aoo          # across an aisle so that no seat is stranded
  3: oo|oo            => AA|Ao            # across an aisle with a seat stranded, if there is nothing else
  6: oo|oo|oo         => AA|AA|AA         # across two aisles, if there is nothing else
  3: oooo|oo / ooo    => oooo|oo / AAA    # as if an aisle beyond the end of a shorter row were not there
  3: oo.oo            => none             # not on both sides of a closed seat
  4: ooo / ooo        => none             # not in two rows
`;

const OTHER_SECTIONS = `
  2: (ooo) + oooo     => (AAo) + oooo     # in a standing section that comes first
  2: oooo + (ooo)     => AAoo + (ooo)     # in a row that comes before a standing section
  2: ooo + (oo)       => ooo + (AA)       # in a standing section, which strands nobody
  2: (o) + oooo       => (o) + AAoo       # in no standing section with too little space
  2,2: (ooo) + (ooo)  => (AAo) + (BBo)    # in two standing sections, if one has no space for both
  2,2: (oooo) + oooo  => (AABB) + oooo    # in one standing section, if it has space for both
  2: > oooooo         => > AAoooo         # at the beginning of a plain line, which has no middle
  2: > o.ooo.oo       => > o.AAo.oo       # on the lowest seats of a plain line, whatever is left over
  2: > ooo + oo       => > AAo + oo       # in a plain line that comes before a row
`;

const SEVERAL_GROUPS = `
  2,3: oooooooo             => AABBBooo          # the largest chooses first, whatever the customer's order
  2,2: oo / oo              => AA / BB           # the first of equal ones has the better place
  2,1: ooo / oooo           => AAB / oooo        # one alone takes in the seat that a pair would strand
  3,1: oooooo               => BAAAoo            # the largest is nearest to the middle, if one alone mends it
  3,3: oooo|oo              => AAAB|BB           # one across an aisle takes in the seat that another would strand
  3,2: ooooo / oooo         => AAABB / oooo      # what one leaves over is for the next
  3,2,2: > oooo.ooo         => > BBCC.AAA        # the largest leaves a place in which two others just fit
  4,3,3: ooo|ooo + oooo     => BBB|CCC + AAAA    # none sits across an aisle without need
  3,3: oo|oo + oo|o + oo|oo|oo => oo|oo + oo|o + AA|AB|BB # two across an aisle share a block, if that strands nobody
  1,3,4: (ooo) + o..oo.o / ooooo => (BBB) + o..oo.o / CCCCA # one alone sits where a seat would be stranded, not just anywhere
  3,1: oo.oo                => none              # none is parted, though there are seats enough
  2,2,2: oo / oo + (o)      => none              # none is left out
`;

describe.each([
  { who: "one group sits", table: ONE_GROUP },
  { who: "a group sits", table: OTHER_SECTIONS },
  { who: "of several groups", table: SEVERAL_GROUPS },
])("$who", ({ table }) => {
  it.each(readExamples(table))("$rule: $show", ({ show, groups, seated }) => {
    expect(draw(show, readShow(show, groups))).toEqual(seated);
  });
});

describe("a want that names sections", () => {
  const show = ["oooo", "(oo)", "> oo", "oooo"];

  it.each([
    { sections: [1, 2, 3], seated: ["oooo", "(AA)", "> oo", "oooo"] },
    { sections: [2], seated: ["oooo", "(oo)", "> AA", "oooo"] },
    { sections: [3], seated: ["oooo", "(oo)", "> oo", "AAoo"] },
    { sections: [0, 3], seated: ["AAoo", "(oo)", "> oo", "oooo"] },
    { sections: [], seated: null },
  ])("is seated in $sections alone", ({ sections, seated }) => {
    expect(draw(show, { ...readShow(show, [2]), sections })).toEqual(seated);
  });
});

describe("at the bounds", () => {
  it("places the largest group, and as many groups as a want can have", () => {
    const row = "o".repeat(GROUP_SIZE_MAX);
    const groups = Array.from({ length: GROUPS_MAX }, () => 6);
    expect(draw([row], readShow([row], [GROUP_SIZE_MAX]))).toEqual(["A".repeat(GROUP_SIZE_MAX)]);
    expect(chooseTogether(readShow([row], groups))).toHaveLength(GROUPS_MAX);
  });

  it("takes no groups beyond them", () => {
    const ask = readShow(["oooo"], []);
    for (const groups of [
      [],
      [0],
      [GROUP_SIZE_MAX + 1],
      Array.from({ length: GROUPS_MAX + 1 }, () => 1),
    ])
      expect(() => chooseTogether({ ...ask, groups })).toThrow("within bounds");
  });

  it("gives places for all groups even when the search gives up", () => {
    const groups = [3, 3, 3, 2, 2, 2, 1, 1];
    const show = ["ooooooooo / ooooooooo"];
    const seating = new Seating(readShow(show, groups));
    expect(new TogetherSearch(seating, groups).find(1)).toBeNull();
    expect(seating.steps).toBeGreaterThan(SEARCH_STEPS_MAX);
    expect(seating.steps).toBeLessThan(SEARCH_STEPS_MAX + 100);
    const seated = draw(show, readShow(show, groups))?.join("") ?? "";
    expect(seated.match(/o/g)).toHaveLength(1);
  });

  it("tells one choice from the cost of another", () => {
    expect(AISLE_COST).toBeGreaterThan(2 * GROUPS_MAX);
  });
});

/** Rows, lines and standing sections with places closed at random. */
function drawAtRandom(random: Random): string[] {
  const places = (sizeMax: number) => {
    const rate = random.pick([0.6, 0.8, 1]);
    return Array.from({ length: random.int(1, sizeMax) }, () => (random.chance(rate) ? "o" : "."));
  };
  return Array.from({ length: random.int(1, 4) }, () => {
    const kind = random.pick(["seated", "seated", "standing", "plain"] as const);
    if (kind === "standing") return `(${"o".repeat(random.int(0, 5))})`;
    const row = places(12).join("");
    return kind === "plain" ? `> ${row}` : `${row} / ${places(9).join("")}`;
  });
}

/** Whether groups fit into runs, tried in every way that differs. */
function canFit([size, ...rest]: readonly number[], runs: readonly number[]): boolean {
  if (size === undefined) return true;
  return runs.some((run, index) => {
    const isNew = runs.indexOf(run) === index;
    return isNew && run >= size && canFit(rest, runs.with(index, run - size));
  });
}

it(`seats up to eight groups whenever they fit, each in one piece (seed ${seed})`, () => {
  const random = buildRandom(seed);
  const seen = { fitting: 0, misfits: 0 };
  for (let round = 0; round < 4000; round++) {
    const show = drawAtRandom(random);
    const groups = Array.from({ length: random.int(3, GROUPS_MAX) }, () =>
      random.int(1, random.pick([2, 4, 6])),
    );
    const runs = show.flatMap((drawing) => drawing.split(/[^o]+/)).map((run) => run.length);
    const fits = canFit(groups, runs);
    const seated = draw(show, readShow(show, groups));
    expect(seated !== null, `${show.join(" + ")} for ${groups.join()}`).toBe(fits);
    seen[fits ? "fitting" : "misfits"] += 1;
    const drawn = seated?.join(" + ") ?? "";
    const sizes = groups.map((_, index) => drawn.match(new RegExp(`${nameOf(index)}+`, "g")) ?? []);
    // Every letter once, in a piece as long as its group, and whatever was closed is closed still.
    expect(sizes).toEqual(groups.map((size, index) => (fits ? [nameOf(index).repeat(size)] : [])));
    expect(drawn.replaceAll(/[A-H]/g, "o")).toBe(fits ? show.join(" + ") : "");
  }
  expect(Math.min(seen.fitting, seen.misfits)).toBeGreaterThan(400);
});
