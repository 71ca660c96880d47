/**
 * The layout of a show as people write it over HTTP, with names for rows and seats, and as it stands in
 * messages, with numbers: the schemas, every check that they cannot make, and the way between the two.
 */
import { Type } from "typebox";
import type { Static, TSchema } from "typebox";

import { assert } from "../core/assert.ts";
import {
  CAPACITY_MAX,
  ROWS_MAX,
  ROW_SEATS_MAX,
  buildSeatPlan,
  layoutPlaces,
  rowOfSeat,
  seatInRow,
  sectionOfSeat,
  sectionPlaces,
} from "../core/seats/layout.ts";
import type { Layout, SeatPlan, SeatedSection, Section } from "../core/seats/layout.ts";
import { joinRanges, parseRanges } from "../core/seats/ranges.ts";
import type { Range } from "../core/seats/ranges.ts";
import { expandRowNames, findReferredSeats, parseRowNames } from "../core/seats/row-names.ts";
import {
  CapacitySchema,
  NullableSchema,
  PriceSchema,
  SectionNameSchema,
  withMessage,
} from "./values.ts";

const SECTIONS_MAX = 1_000;
/** More than any house has; the work of finding a place across them is bounded by it. */
const AISLES_MAX = 20;
/** Enough for thousands of rows that are all named one by one. */
const ROWS_TEXT_MAX = 20_000;
/** One for each row: who means more seats than that names rows and runs. */
const REFERENCES_MAX = ROWS_MAX;
/** The longest run has two names of 20 characters, `-500` after each, and two dots. */
const REFERENCE_LENGTH_MAX = 50;
/** More faults than that nobody reads at once. */
const FAULTS_MAX = 50;
/** Some of these are of currencies that are no more: harmless, and not ours to judge. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

const MARKS = ["accessible", "blocked"] as const;
const SEATED_MEMBERS = ["rows", "seatsPerRow", "aislesAfter", ...MARKS] as const;

const strict = { additionalProperties: false } as const;

function Member<T extends TSchema>(schema: T, message: string) {
  return Type.Optional(withMessage(schema, message));
}

const CurrencySchema = Type.String({ pattern: "^[A-Z]{3}$", description: "ISO 4217" });
// That rows are not too long is for `LayoutCheck`: it says which.
const RowSeatsSchema = Type.Integer({ minimum: 1 });
const SeatsPerRowSchema = Type.Union(
  [RowSeatsSchema, Type.Array(RowSeatsSchema, { maxItems: ROWS_MAX })],
  { description: `At most ${ROW_SEATS_MAX}, for all rows or for each` },
);
const RowsSchema = Type.String({
  minLength: 1,
  maxLength: ROWS_TEXT_MAX,
  description: "Names of rows, the best first: A-T, 1-40, AA-AF, or a list like A-H,K,1-20",
});
const AislesSchema = Type.Array(Type.Integer({ minimum: 1 }), {
  maxItems: AISLES_MAX,
  description: "An aisle passes after the seats with these numbers in their row",
});

function ReferencesMember(description: string) {
  const reference = Type.String({ minLength: 1, maxLength: REFERENCE_LENGTH_MAX });
  return Member(
    Type.Array(reference, { maxItems: REFERENCES_MAX, description }),
    `must list at most ${REFERENCES_MAX} seats, runs or rows, like A1, A1..30 or A`,
  );
}

// Not a union: a fault in it could only be told as that of the whole section.
const SectionBody = withMessage(
  Type.Object(
    {
      name: SectionNameSchema,
      rows: Member(RowsSchema, `must be names of rows, 1 to ${ROWS_TEXT_MAX} characters like A-T`),
      seatsPerRow: Member(
        SeatsPerRowSchema,
        `must be a whole number from 1 to ${ROW_SEATS_MAX}, or a list with one for each row`,
      ),
      aislesAfter: Member(AislesSchema, "must list numbers of seats in a row, ascending from 1"),
      blocked: ReferencesMember("Not for sale: seats A1, runs A1..30 and whole rows A"),
      accessible: ReferencesMember("Only for who asks for them; written like `blocked`"),
      standing: Type.Optional(CapacitySchema),
      price: Type.Optional(PriceSchema),
    },
    { ...strict, description: "Either seated, with rows and seatsPerRow, or standing" },
  ),
  "must be a section, either seated or standing",
);
type SectionBody = Static<typeof SectionBody>;

/** The members that the body of POST /v1/shows has about its layout. */
export const LayoutBody = Type.Object(
  {
    capacity: Type.Optional(CapacitySchema),
    sections: Member(
      Type.Array(SectionBody, { minItems: 1, maxItems: SECTIONS_MAX }),
      `must list 1 to ${SECTIONS_MAX} sections`,
    ),
    currency: Member(CurrencySchema, "must be three capital letters, like EUR"),
    price: Type.Optional(PriceSchema),
  },
  strict,
);
type LayoutBody = Static<typeof LayoutBody>;

function Whole(description: string) {
  return Type.Optional(Type.Integer({ description }));
}

function Text(description: string) {
  return Type.Optional(Type.String({ description }));
}

const SectionAnswer = Type.Object({
  ...SectionBody.properties,
  standing: Whole("How many places it has, where it has no seats"),
  firstSeat: Whole("The number of its first seat in the show; the others follow"),
});

export const LayoutAnswer = Type.Object(
  {
    capacity: Type.Integer({ description: "All places, standing and blocked ones included" }),
    currency: Type.Optional(CurrencySchema),
    sections: Type.Optional(Type.Array(SectionAnswer)),
    price: Whole("Without sections: of one place"),
    blocked: Text("Without sections: seats not for sale, as ranges like 3-4,9"),
    accessible: Text("Without sections: seats only for who asks for them, as ranges"),
  },
  { description: "Where the seats of a show are and what they are called" },
);
type LayoutAnswer = Static<typeof LayoutAnswer>;

const named = { name: SectionNameSchema, price: PriceSchema };
const NoName = Type.Literal("");

/** The core's layout as it stands in messages; `findLayoutFault` checks the rest. */
export const LayoutSchema = Type.Object({
  sections: Type.Array(
    Type.Union([
      Type.Object({
        ...named,
        kind: Type.Literal("seated"),
        rows: RowsSchema,
        seatsPerRow: SeatsPerRowSchema,
        aislesAfter: AislesSchema,
      }),
      Type.Object({ ...named, kind: Type.Literal("plain"), name: NoName, seats: CapacitySchema }),
      Type.Object({
        ...named,
        kind: Type.Literal("standing"),
        // A change may leave it without a place.
        capacity: Type.Integer({ minimum: 0, maximum: CAPACITY_MAX }),
      }),
    ]),
    { minItems: 1, maxItems: SECTIONS_MAX },
  ),
  currency: NullableSchema(CurrencySchema),
  accessible: Type.String(),
  blocked: Type.String(),
});

type LayoutFault = { readonly path: string; readonly message: string };
type SeatedShape = Omit<SeatedSection, "kind" | "name" | "price">;
/** The seats of each row of a section, in the numbering of the show. */
type RowByName = ReadonlyMap<string, Range>;

/** Goes through the sections in their order, numbers the seats of their rows and collects what is wrong. */
class LayoutCheck {
  readonly faults: LayoutFault[] = [];
  /** What the references mean, in any order. */
  readonly accessible: Range[] = [];
  readonly blocked: Range[] = [];
  /** How many numbered seats there are so far. */
  seats = 0;
  #places = 0;
  #rows = 0;
  readonly #currency: string | null;
  readonly #indexByName = new Map<string, number>();

  constructor(currency: string | null) {
    this.#currency = currency;
  }

  fault(path: string, message: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push({ path, message });
  }

  addName(name: string, index: number): void {
    const other = this.#indexByName.get(name);
    if (other === undefined) this.#indexByName.set(name, index);
    else this.fault(`/sections/${index}/name`, `must not be that of section ${other} as well`);
  }

  addPrice(price: number | undefined, path: string): void {
    if (price === undefined || this.#currency !== null) return;
    this.fault(`${path}/price`, "must come with a currency, like EUR");
  }

  addPlaces(count: number): void {
    const before = this.#places;
    this.#places += count;
    if (before > CAPACITY_MAX || this.#places <= CAPACITY_MAX) return;
    this.fault("/sections", `must have at most ${CAPACITY_MAX} places together`);
  }

  addSeats(count: number): void {
    this.seats += count;
    this.addPlaces(count);
  }

  /** The section's rows; null if they cannot be told. */
  addRows({ rows, seatsPerRow, aislesAfter }: SeatedShape, path: string): RowByName | null {
    const { names, fault } = parseRowNames(rows, ROWS_MAX - this.#rows);
    this.#rows += names.length;
    if (fault !== null) this.fault(`${path}/rows`, fault);
    const isOne = typeof seatsPerRow === "number";
    const sizes = isOne ? [seatsPerRow] : seatsPerRow;
    const at = `${path}/seatsPerRow`;
    for (const [index, seats] of sizes.entries()) {
      if (seats <= ROW_SEATS_MAX) continue;
      this.fault(isOne ? at : `${at}/${index}`, `must be at most ${ROW_SEATS_MAX}`);
    }
    this.#checkAisles(aislesAfter, sizes, path);
    if (names.length === 0) return null;
    if (!isOne && sizes.length !== names.length) {
      this.fault(at, `must have one number for each of the ${names.length} rows`);
      return null;
    }
    const rowByName = new Map<string, Range>();
    for (const [index, name] of names.entries()) {
      const first = this.seats + 1;
      this.addSeats(sizes[isOne ? 0 : index] ?? 0);
      rowByName.set(name, { first, last: this.seats });
    }
    return rowByName;
  }

  addMarks(body: SectionBody, rowByName: RowByName, path: string): void {
    for (const mark of MARKS) {
      for (const [index, text] of (body[mark] ?? []).entries()) {
        const seats = findReferredSeats(text, rowByName);
        if (typeof seats === "string") this.fault(`${path}/${mark}/${index}`, seats);
        else this[mark].push(seats);
      }
    }
  }

  #checkAisles(aislesAfter: readonly number[], sizes: readonly number[], path: string): void {
    const longest = sizes.reduce((a, b) => Math.max(a, b), 0);
    let before = 0;
    for (const [index, aisle] of aislesAfter.entries()) {
      const at = `${path}/aislesAfter/${index}`;
      if (aisle <= before) this.fault(at, `must be more than ${before}, the aisle before it`);
      else if (aisle >= longest) this.fault(at, `must be less than ${longest}, to be inside a row`);
      before = Math.max(before, aisle);
    }
  }
}

/**
 * Why the core could not build its plan of the seats from a layout, as a sentence about the message; null if it
 * can. Whether there is such a currency is not asked: what Node knows of them changes, and a message must be
 * judged the same for ever.
 */
export function findLayoutFault(layout: Layout): string | null {
  const { sections, currency } = layout;
  const check = new LayoutCheck(currency);
  for (const [index, section] of sections.entries()) {
    const path = `/sections/${index}`;
    check.addName(section.name, index);
    check.addPrice(section.price === 0 ? undefined : section.price, path);
    if (section.kind === "seated") check.addRows(section, path);
    else if (section.kind === "standing") check.addPlaces(section.capacity);
    else {
      check.addSeats(section.seats);
      if (sections.length > 1) check.fault(path, "must be the only section if it is plain");
    }
  }
  for (const mark of MARKS) {
    const ranges = parseRanges(layout[mark]);
    if (ranges !== null && (ranges.at(-1)?.last ?? 0) <= check.seats) continue;
    check.fault(`/${mark}`, `must be ascending ranges of the seats 1 to ${check.seats}`);
  }
  const [first] = check.faults;
  return first === undefined ? null : `/layout${first.path} ${first.message}`;
}

/**
 * The layout that a body describes, or what is wrong with it: everything, up to 50 faults. The body has passed
 * `LayoutBody`; the work is bounded by its length and by the limits of a show.
 */
export function parseLayout(
  body: LayoutBody,
): { readonly layout: Layout } | { readonly faults: readonly LayoutFault[] } {
  const { capacity, currency = null, price, sections } = body;
  const check = new LayoutCheck(currency);
  if (currency !== null && !CURRENCIES.has(currency)) {
    check.fault("/currency", "must be a code of ISO 4217, like EUR");
  }
  if ((capacity === undefined) === (sections === undefined)) {
    check.fault("/capacity", "must be given where there are no sections, and nowhere else");
  }
  if (price !== undefined && sections !== undefined) {
    check.fault("/price", "must be left out where there are sections: each has its own");
  } else check.addPrice(price, "");
  const plain = { kind: "plain", name: "", seats: capacity ?? 0, price: price ?? 0 } as const;
  const parsed = sections?.flatMap((section, index) => parseSection(section, index, check));
  if (check.faults.length > 0) return { faults: check.faults };
  const [accessible, blocked] = [joinRanges(check.accessible), joinRanges(check.blocked)];
  return { layout: { sections: parsed ?? [plain], currency, accessible, blocked } };
}

function parseSection(body: SectionBody, index: number, check: LayoutCheck): Section | [] {
  const { name, rows, seatsPerRow, aislesAfter = [], standing, price } = body;
  const path = `/sections/${index}`;
  check.addName(name, index);
  check.addPrice(price, path);
  if (standing !== undefined) {
    check.addPlaces(standing);
    for (const member of SEATED_MEMBERS.filter((member) => body[member] !== undefined)) {
      check.fault(`${path}/${member}`, "must be left out of a standing section");
    }
    return { kind: "standing", name, capacity: standing, price: price ?? 0 };
  }
  if (rows === undefined || seatsPerRow === undefined) {
    check.fault(path, "must have rows and seatsPerRow, or else standing");
    return [];
  }
  const rowByName = check.addRows({ rows, seatsPerRow, aislesAfter }, path);
  if (rowByName !== null) check.addMarks(body, rowByName, path);
  return { kind: "seated", name, rows, seatsPerRow, aislesAfter, price: price ?? 0 };
}

/** The notation that a layout is parsed from, and what follows from it: places and numbers of seats. */
export function viewLayout(layout: Layout): LayoutAnswer {
  const { sections, currency, accessible, blocked } = layout;
  const capacity = layoutPlaces(layout);
  const common = currency === null ? { capacity } : { capacity, currency };
  const priced = ({ price }: Section) => (currency === null ? {} : { price });
  const [first] = sections;
  if (first?.kind === "plain") return { ...common, ...priced(first), accessible, blocked };
  const plan = buildSeatPlan(layout);
  const references = sections.map(() => ({ accessible: [] as string[], blocked: [] as string[] }));
  for (const mark of MARKS) {
    for (const [section, text] of referToSeats(layout, plan, mark)) {
      references[section]?.[mark].push(text);
    }
  }
  const viewed = sections.map((section, index) => {
    const head = { name: section.name, ...priced(section) };
    if (section.kind !== "seated") return { ...head, standing: sectionPlaces(section) };
    const { rows, seatsPerRow, aislesAfter } = section;
    return {
      ...head,
      rows,
      seatsPerRow: typeof seatsPerRow === "number" ? seatsPerRow : [...seatsPerRow],
      aislesAfter: [...aislesAfter],
      firstSeat: plan.sections[index]?.firstSeat ?? 0,
      ...references[index],
    };
  });
  return { ...common, sections: viewed };
}

/** The fewest references to the seats that are marked so, each with its section's index. */
function* referToSeats(layout: Layout, plan: SeatPlan, mark: (typeof MARKS)[number]) {
  const names = layout.sections.flatMap((section) =>
    section.kind === "seated" ? (expandRowNames(section.rows, ROWS_MAX) ?? []) : [],
  );
  const known = new Set(names);
  for (const range of parseRanges(layout[mark]) ?? []) {
    for (let { first } = range; first <= range.last;) {
      const row = rowOfSeat(plan, first);
      const [rowFirst = 0, rowNext = 0] = plan.rowFirst.subarray(row, row + 2);
      const last = Math.min(range.last, rowNext - 1);
      assert(rowFirst <= first && first <= last, `seat ${first} is in its row`);
      const [name = "", section] = [names[row], sectionOfSeat(plan, first)];
      const seat = seatInRow(name, first - rowFirst + 1);
      // A seat that reads like a row is written as a run.
      const isSeat = first === last && !known.has(seat);
      const text = isSeat ? seat : `${seat}..${last - rowFirst + 1}`;
      yield [section, last - first + 1 === rowNext - rowFirst ? name : text] as const;
      first = last + 1;
    }
  }
}
