/**
 * The names of rows, written short: `A-T`, `1-40`, `AA-AF`, or a list of names and ranges like `A-H,K,1-20`.
 * Letters go on as in a spreadsheet: after Z comes AA. And seats by the names of their rows: `A11`, `A1..A30`.
 */
import type { Range } from "./ranges.ts";

const RANGE = /^(?:([A-Z]{1,3})-([A-Z]{1,3})|([1-9]\d{0,4})-([1-9]\d{0,4}))$/;
/** A name of its own has at most so many characters. */
const NAME_MAX = 20;
/**
 * What a name of its own may not have. A dash of any kind: it would be a mistyped range (`a-t`, `1–9`), and
 * sets a seat apart from its row (`12-7`). Two dots: they make a run of seats. What nobody can read or store.
 */
const NOT_IN_NAMES = /\p{Pd}|\.\.|\p{Cc}|\p{Cs}/u;

type NameRange = { readonly isLetters: boolean; readonly from: number; readonly to: number };
type Part = string | NameRange;

/** The names as far as they are readable, from the first row to the last, and what must be put right. */
type RowNames = { readonly names: string[]; readonly fault: string | null };

/** Every name, from the first row to the last; null if the text is malformed, names one twice or too many. */
export function expandRowNames(text: string, countMax: number): string[] | null {
  const { names, fault } = parseRowNames(text, countMax);
  return fault === null ? names : null;
}

/**
 * The same with the fault, as the words that follow the member's name ("must be …"). Names are counted before
 * they are made, so the work is bounded by the text's length and `countMax`. Only where a name is there twice
 * are there names beside a fault.
 */
export function parseRowNames(text: string, countMax: number): RowNames {
  const parts: Part[] = [];
  let count = 0;
  for (const word of text.split(",")) {
    const part = parsePart(word);
    if (part === null) return { names: [], fault: describeMalformed(word) };
    count += typeof part === "string" ? 1 : part.to - part.from + 1;
    if (count > countMax) return { names: [], fault: `must name at most ${countMax} more rows` };
    parts.push(part);
  }
  const names = parts.flatMap(expandPart);
  const twice = findTwice(names);
  return {
    names,
    fault: twice === null ? null : `must name the row ${JSON.stringify(twice)} once`,
  };
}

function parsePart(word: string): Part | null {
  const range = RANGE.exec(word);
  if (range === null) {
    const isName = word !== "" && word === word.trim() && word.length <= NAME_MAX;
    return isName && !NOT_IN_NAMES.test(word) ? word : null;
  }
  const [, letterFrom, letterTo = "", numberFrom, numberTo] = range;
  const isLetters = letterFrom !== undefined;
  const from = isLetters ? lettersToNumber(letterFrom) : Number(numberFrom);
  const to = isLetters ? lettersToNumber(letterTo) : Number(numberTo);
  return to < from ? null : { isLetters, from, to };
}

function describeMalformed(word: string): string {
  const shown = JSON.stringify(word.length > NAME_MAX ? `${word.slice(0, NAME_MAX)}…` : word);
  return `must list names of 1 to ${NAME_MAX} characters and ascending ranges, like A-T or A-H,K,1-20; ${shown} is neither`;
}

function expandPart(part: Part): string | string[] {
  if (typeof part === "string") return part;
  const { isLetters, from, to } = part;
  return Array.from({ length: to - from + 1 }, (_, index) =>
    isLetters ? numberToLetters(from + index) : String(from + index),
  );
}

function findTwice(names: readonly string[]): string | null {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return null;
}

function lettersToNumber(letters: string): number {
  let number = 0;
  for (const letter of letters) number = number * 26 + letter.charCodeAt(0) - 64;
  return number;
}

function numberToLetters(number: number): string {
  let letters = "";
  for (let rest = number; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}

const SEAT = /^(?:(?<apart>.*\d)-|(?<row>.*\D))(?<number>[1-9]\d{0,3})$/;
const SEAT_NUMBER = /^[1-9]\d{0,3}$/;

/** Seats side by side in one row, by their numbers there. */
type Run = { readonly row: string; readonly first: number; readonly last: number };

/**
 * The seats that a reference means among rows with these seats, or what it must be, as for `parseRowNames`. It is a
 * row's name (`A`), a seat (`A1`; `12-7` after a name that ends in a digit) or a run in one row (`A1..A30`, `A1..30`).
 *
 * A text that is both, as `A1` where rows are named A and A1, means the row. No seat is out of reach for that:
 * `A1..1` is never a row, because no name has two dots. Nor can a meaning shift when the rows are changed: a layout
 * keeps the seats' numbers, and references are read once.
 */
export function findReferredSeats(text: string, rows: ReadonlyMap<string, Range>): Range | string {
  const whole = rows.get(text);
  if (whole !== undefined) return whole;
  const run = parseRun(text);
  const row = run === null ? undefined : rows.get(run.row);
  if (run === null || row === undefined) {
    return "must be a seat like A1, a run like A1..30 or a whole row like A, of this section's rows";
  }
  const seats = { first: row.first + run.first - 1, last: row.first + run.last - 1 };
  if (seats.last <= row.last) return seats;
  return `must be in row ${run.row}, whose last seat is ${row.last - row.first + 1}`;
}

function parseRun(text: string): Run | null {
  const [from = "", to, ...more] = text.split("..");
  const start = parseSeat(from);
  if (start === null || to === undefined) return start;
  const end = SEAT_NUMBER.test(to) ? { ...start, last: Number(to) } : parseSeat(to);
  const isRun = more.length === 0 && end?.row === start.row && end.last >= start.first;
  return isRun ? { ...start, last: end.last } : null;
}

function parseSeat(text: string): Run | null {
  const { apart, row = apart, number } = SEAT.exec(text)?.groups ?? {};
  return row === undefined ? null : { row, first: Number(number), last: Number(number) };
}
