/**
 * The layout of a show as people write it over HTTP, with names for rows and seats, and as it stands in
 * messages, with numbers: every check that their schemas cannot make, and the way between the two.
 */
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
import type { LayoutAnswer, LayoutBody, SectionBody } from "./layout-schemas.ts";
import type { Sound } from "./values.ts";

/** More faults than that nobody reads at once. */
const FAULTS_MAX = 50;
/** Some of these are of currencies that are no more: harmless, and not ours to judge. */
const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf("currency"));

const MARKS = ["accessible", "blocked"] as const;
const SEATED_MEMBERS = ["rows", "seatsPerRow", "aislesAfter", ...MARKS] as const;

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
  readonly #isPriced: boolean;
  readonly #indexByName = new Map<string, number>();

  constructor(isPriced: boolean) {
    this.#isPriced = isPriced;
  }

  fault(path: string, message: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push({ path, message });
  }

  addName(name: string, index: number): void {
    const other = this.#indexByName.get(name);
    if (other === undefined) this.#indexByName.set(name, index);
    else this.fault(`/sections/${index}/name`, `must not be that of section ${other} as well`);
  }

  addPrice(price: number | null | undefined, path: string): void {
    if (price === undefined || this.#isPriced) return;
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
  addRows({ rows, seatsPerRow, aislesAfter }: Sound<SeatedShape>, path: string): RowByName | null {
    const { names, fault } = parseRowNames(rows ?? "", ROWS_MAX - this.#rows);
    this.#rows += names.length;
    if (fault !== null) this.fault(`${path}/rows`, fault);
    if (seatsPerRow === null || seatsPerRow === undefined) return null;
    const isOne = typeof seatsPerRow === "number";
    const sizes = isOne ? [seatsPerRow] : seatsPerRow.map((seats) => seats ?? 0);
    const at = `${path}/seatsPerRow`;
    for (const [index, seats] of sizes.entries()) {
      if (seats <= ROW_SEATS_MAX) continue;
      this.fault(isOne ? at : `${at}/${index}`, `must be at most ${ROW_SEATS_MAX}`);
    }
    this.#checkAisles(aislesAfter ?? [], sizes, path);
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

  addMarks(body: Sound<SectionBody>, rowByName: RowByName, path: string): void {
    for (const mark of MARKS) {
      for (const [index, text] of (body[mark] ?? []).entries()) {
        if (text === null) continue;
        const seats = findReferredSeats(text, rowByName);
        if (typeof seats === "string") this.fault(`${path}/${mark}/${index}`, seats);
        else this[mark].push(seats);
      }
    }
  }

  #checkAisles(aisles: readonly (number | null)[], sizes: readonly number[], path: string): void {
    const longest = sizes.reduce((a, b) => Math.max(a, b), 0);
    let before = 0;
    for (const [index, aisle] of aisles.entries()) {
      if (aisle === null) continue;
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
  const check = new LayoutCheck(currency !== null);
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
 * What is wrong with the layout that a body describes: everything, up to 50 faults. What `LayoutBody` found fault
 * with is passed over; the work is bounded by the body's length and by the limits of a show.
 */
export function checkLayout(body: Sound<LayoutBody>): LayoutCheck {
  const { capacity, currency, price, sections } = body;
  const check = new LayoutCheck(currency !== undefined);
  if (typeof currency === "string" && !CURRENCIES.has(currency)) {
    check.fault("/currency", "must be a code of ISO 4217, like EUR");
  }
  // Of what is no list of sections, nobody knows whether it stays.
  if (sections === null) return check;
  if ((capacity === undefined) === (sections === undefined)) {
    check.fault("/capacity", "must be given where there are no sections, and nowhere else");
  }
  if (price !== undefined && sections !== undefined) {
    check.fault("/price", "must be left out where there are sections: each has its own");
  } else check.addPrice(price, "");
  for (const [index, section] of (sections ?? []).entries()) {
    if (section !== null) checkSection(section, index, check);
  }
  return check;
}

function checkSection(body: Sound<SectionBody>, index: number, check: LayoutCheck): void {
  const { name, rows, seatsPerRow, standing, price } = body;
  const path = `/sections/${index}`;
  if (typeof name === "string") check.addName(name, index);
  check.addPrice(price, path);
  if (standing !== undefined) {
    check.addPlaces(standing ?? 0);
    for (const member of SEATED_MEMBERS.filter((member) => body[member] !== undefined)) {
      check.fault(`${path}/${member}`, "must be left out of a standing section");
    }
  } else if (rows === undefined || seatsPerRow === undefined) {
    check.fault(path, "must have rows and seatsPerRow, or else standing");
  } else {
    const rowByName = check.addRows(body, path);
    if (rowByName !== null) check.addMarks(body, rowByName, path);
  }
}

/** The layout of a body that a check has found nothing wrong with. */
export function buildLayout(body: LayoutBody, { accessible, blocked }: LayoutCheck): Layout {
  const { capacity = 0, currency = null, price = 0, sections } = body;
  const plain = { kind: "plain", name: "", seats: capacity, price } as const;
  return {
    sections: sections?.map(buildSection) ?? [plain],
    currency,
    accessible: joinRanges(accessible),
    blocked: joinRanges(blocked),
  };
}

function buildSection(body: SectionBody): Section {
  const { name, rows = "", seatsPerRow = 0, aislesAfter = [], standing, price = 0 } = body;
  return standing === undefined
    ? { kind: "seated", name, rows, seatsPerRow, aislesAfter, price }
    : { kind: "standing", name, capacity: standing, price };
}

/** The notation that a layout is built from, and what follows from it: places and numbers of seats. */
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
