/**
 * Names of rows and references to their seats. Planted faults this has caught: AA after Z left out, a range counted
 * only after it was made, a name with two dots or a dash taken, a seat that wins over a row of its name, `A-1` and
 * `A01` taken for A1, a run that ends in another row.
 */
import { describe, expect, it } from "vitest";

import { seatInRow } from "./layout.ts";
import type { Range } from "./ranges.ts";
import { expandRowNames, findReferredSeats, parseRowNames } from "./row-names.ts";

const ANY_COUNT = 20_000;
const REFERENCE = "must be a seat like A1, a run like A1..30 or a whole row like A";

/** Rows of twelve seats each, one after the other. */
function buildRows(names: readonly string[]): Map<string, Range> {
  return new Map(
    names.map((name, index) => [name, { first: index * 12 + 1, last: index * 12 + 12 }]),
  );
}

describe("names of rows", () => {
  it.each([
    ["A", ["A"]],
    ["A-D", ["A", "B", "C", "D"]],
    ["8-11", ["8", "9", "10", "11"]],
    ["Y-AB", ["Y", "Z", "AA", "AB"]],
    ["ZY-AAB", ["ZY", "ZZ", "AAA", "AAB"]],
    ["B-C,A,1-2", ["B", "C", "A", "1", "2"]],
    ["A-A", ["A"]],
    ["Loge links,Loge rechts", ["Loge links", "Loge rechts"]],
    ["a,A1,07,ÄÖ,座", ["a", "A1", "07", "ÄÖ", "座"]],
    ["ABCD,100000", ["ABCD", "100000"]],
  ])("in %j are %j", (text, names) => {
    expect(expandRowNames(text, ANY_COUNT)).toEqual(names);
  });

  it("go on in letters like a spreadsheet's columns", () => {
    const letters = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    const pairs = letters.flatMap((first) => letters.map((second) => first + second));
    const triples = letters.flatMap((first) => pairs.map((rest) => first + rest));
    expect(expandRowNames("A-ZZZ", ANY_COUNT)).toEqual([...letters, ...pairs, ...triples]);
  });

  it.each([
    ["", '"" is neither'],
    ["A,", '"" is neither'],
    ["A,,B", '"" is neither'],
    ["A, B", '" B" is neither'],
    ["T-A", '"T-A" is neither'],
    ["20-1", '"20-1" is neither'],
    ["a-t", '"a-t" is neither'],
    ["0-9", '"0-9" is neither'],
    ["1-100000", '"1-100000" is neither'],
    ["A-5", '"A-5" is neither'],
    ["A–T", '"A–T" is neither'],
    ["A..T", '"A..T" is neither'],
    ["A\u0000", '"A\\u0000" is neither'],
    ["A\ud800", '"A\\ud800" is neither'],
    ["x".repeat(21), `"${"x".repeat(20)}…" is neither`],
    ["A-C,B", 'must name the row "B" once'],
    ["1,1-3", 'must name the row "1" once'],
  ])("are not in %j", (text, fault) => {
    expect(parseRowNames(text, ANY_COUNT).fault).toContain(fault);
    expect(expandRowNames(text, ANY_COUNT)).toBeNull();
  });

  it("may be as many as they may, and no more", () => {
    expect(expandRowNames("A-J", 10)).toHaveLength(10);
    expect(expandRowNames("A-I,1", 10)).toHaveLength(10);
    for (const text of ["A-K", "A-J,1", "1,A-J", "1-5,11-16"]) {
      expect(parseRowNames(text, 10)).toEqual({
        names: [],
        fault: "must name at most 10 more rows",
      });
    }
  });

  it("are counted before they are made", () => {
    const started = performance.now();
    for (let round = 0; round < 1_000; round++) expect(expandRowNames("1-99999", 10)).toBeNull();
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("a reference to seats", () => {
  const rows = buildRows(["A", "B", "12", "1", "A1", "Loge 2", "AA"]);

  it.each([
    ["A", 1, 12],
    ["A2", 2, 2],
    ["A12", 12, 12],
    ["B1", 13, 13],
    ["B2..B5", 14, 17],
    ["B2..5", 14, 17],
    ["B2..2", 14, 14],
    ["12", 25, 36],
    ["12-7", 31, 31],
    ["12-7..9", 31, 33],
    ["12-7..12-9", 31, 33],
    ["1-2", 38, 38],
    ["A1", 49, 60],
    ["A1..1", 1, 1],
    ["A1..A1", 1, 1],
    ["A1..A12", 1, 12],
    ["A1-1", 49, 49],
    ["Loge 2", 61, 72],
    ["Loge 2-3..4", 63, 64],
    ["AA11", 83, 83],
  ])("%j means %i to %i", (text, first, last) => {
    expect(findReferredSeats(text, rows)).toEqual({ first, last });
  });

  it.each([
    "",
    "C",
    "C1",
    "a1",
    "A0",
    "A01",
    "A-2",
    "A 2",
    "2",
    "127",
    "12--7",
    "12-07",
    "A..B",
    "A2..",
    "..A2",
    "A2...5",
    "A2..3..4",
    "A5..2",
    "A2..B5",
    "A2..05",
    "A2-5",
    "A2,A3",
    "A12345",
  ])("is not %j", (text) => {
    expect(findReferredSeats(text, rows)).toContain(REFERENCE);
  });

  it.each([
    ["A13", "must be in row A, whose last seat is 12"],
    ["B1..13", "must be in row B, whose last seat is 12"],
    ["12-99", "must be in row 12, whose last seat is 12"],
  ])("%j is told where the row ends", (text, told) => {
    expect(findReferredSeats(text, rows)).toBe(told);
  });

  it("can be written for every seat, whatever the rows are called", () => {
    const names = ["A", "A1", "A11", "1", "11", "1A", "1A1", "111", "A1A"];
    for (let bits = 1; bits < 1 << names.length; bits++) {
      const chosen = names.filter((_, index) => bits & (1 << index));
      const rows = buildRows(chosen);
      const texts = new Set<string>();
      for (const [name, { first }] of rows) {
        for (let number = 1; number <= 12; number++) {
          const text = seatInRow(name, number);
          const seat = { first: first + number - 1, last: first + number - 1 };
          texts.add(text);
          expect(findReferredSeats(`${text}..${number}`, rows)).toEqual(seat);
          expect(findReferredSeats(text, rows)).toEqual(rows.get(text) ?? seat);
        }
      }
      expect(texts.size).toBe(12 * chosen.length);
    }
  });
});
