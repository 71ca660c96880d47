/**
 * The notation of layouts and of ranges, and messages of the line, against rubbish and against almost valid ones:
 * nothing throws, nothing takes long, and what is accepted builds and comes back the same. Planted faults: a text
 * that makes the parser throw; rows counted after they are made; a reference that is written another way than it
 * is read; a request with a deep member that throws.
 */
import {
  anything,
  array,
  assert,
  constantFrom,
  integer,
  jsonValue,
  oneof,
  option,
  property,
  record,
  string,
  stringMatching,
  uniqueArray,
} from "fast-check";
import { describe, expect, it } from "vitest";
import { Compile } from "typebox/compile";

import {
  buildLayout,
  checkLayout,
  findLayoutFault,
  viewLayout,
} from "@seatline/shared/contract/layout-notation.ts";
import { LayoutBody, LayoutSchema } from "@seatline/shared/contract/layout-schemas.ts";
import { encodeRequest, parseRequest } from "@seatline/shared/contract/request.ts";
import { buildShow } from "@seatline/shared/core/show.ts";
import {
  encodeRanges,
  joinRanges,
  parseRanges,
  seatsOf,
} from "@seatline/shared/core/seats/ranges.ts";
import { parseRowNames } from "@seatline/shared/core/seats/row-names.ts";
import { buildShowFacts } from "@seatline/shared/testing/builders.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { requestBook, requestShow } from "@seatline/shared/testing/requests.ts";

import { Junk } from "./junk.ts";
import { spoil } from "./spoil.ts";

const seed = seedOfRun();
const RUNS = 1_000;
/** A busy machine is not what is looked for. */
const PATIENT = { timeout: 60_000 };
/** Far more than any of it takes. */
const MS_MAX = 1_000;
const ROWS_MAX = 10_000;

const isBody = Compile(LayoutBody);
const isLayout = Compile(LayoutSchema);

const rowName = oneof(
  stringMatching(/^[A-Z]{1,2}$/),
  stringMatching(/^[1-9]\d?$/),
  constantFrom(
    "A1",
    "A-C",
    "B-A",
    "1-40",
    "AA-AC",
    "Loge 1",
    "A-ZZZ",
    "1-99999",
    "a-t",
    "A..B",
    "é",
    "\u0000",
    "🎭",
  ),
  string({ unit: "grapheme", maxLength: 22 }),
);
const rows = array(rowName, { minLength: 1, maxLength: 4 }).map((names) => names.join(","));
const reference = oneof(
  stringMatching(/^[A-C][1-9]?(\.\.[1-9])?$/),
  stringMatching(/^1[0-9]?-[1-9]$/),
  constantFrom("A", "A1..A3", "A1..1", "A3..1", "12-7", "A0", "A1..B1", "..", "A1-2", "A9999"),
  string({ maxLength: 20 }),
);
const size = integer({ min: -1, max: 700 });
const section = record(
  {
    name: oneof(
      constantFrom("Stalls", "Floor"),
      string({ unit: "grapheme", minLength: 1, maxLength: 10 }),
    ),
    rows,
    seatsPerRow: oneof(integer({ min: 1, max: 12 }), size, array(size, { maxLength: 5 })),
    aislesAfter: array(integer({ min: 0, max: 12 }), { maxLength: 3 }),
    blocked: array(reference, { maxLength: 3 }),
    accessible: array(reference, { maxLength: 3 }),
    standing: integer({ min: 0, max: 1_000_001 }),
    price: integer({ min: 0, max: 100 }),
  },
  { requiredKeys: ["name"] },
);
/** Mostly whole: sections that nobody finds fault with must be among them. */
const soundSection = record(
  {
    name: string({ unit: "grapheme-ascii", minLength: 1, maxLength: 8 }),
    rows: constantFrom("A-C", "A,B,A1", "1-3", "A1,A", "12,1", "AA-AC"),
    seatsPerRow: integer({ min: 3, max: 12 }),
    aislesAfter: constantFrom([], [1], [1, 2]),
    blocked: uniqueArray(
      constantFrom("A", "A1", "A1..2", "A2..A3", "A1..1", "12-1", "1-2", "AA3", "B2"),
      { maxLength: 2 },
    ),
    accessible: uniqueArray(constantFrom("A1", "B1..3", "C", "1-1", "12"), { maxLength: 2 }),
    price: integer({ min: 0, max: 100 }),
  },
  { requiredKeys: ["name", "rows", "seatsPerRow"] },
);
const body = oneof(
  record(
    {
      capacity: size,
      currency: constantFrom("EUR", "XXY", ""),
      price: size,
      sections: array(section, { maxLength: 3 }),
    },
    { requiredKeys: [] },
  ),
  record({
    currency: constantFrom("EUR"),
    sections: array(soundSection, { minLength: 1, maxLength: 3 }),
  }),
);

/** What the call gives, if it does not take too long. */
function inTime<T>(call: () => T): T {
  const startedAt = performance.now();
  const value = call();
  expect(performance.now() - startedAt).toBeLessThan(MS_MAX);
  return value;
}

describe("a layout", () => {
  let accepted = 0;

  it(`is refused, or builds and comes back the same (SEED=${seed})`, PATIENT, () => {
    const comesBack = property(body, (given) => {
      const check = inTime(() => checkLayout(given));
      if (!isBody.Check(given) || check.faults.length > 0) return;
      accepted += 1;
      const layout = buildLayout(given, check);
      expect(isLayout.Check(JSON.parse(JSON.stringify(layout)))).toBe(true);
      expect(inTime(() => findLayoutFault(layout))).toBe(null);
      inTime(() => buildShow(buildShowFacts({ layout })));
      const { capacity, sections, ...view } = inTime(() => viewLayout(layout));
      const again =
        sections === undefined
          ? given
          : { ...view, sections: sections.map((it) => ({ ...it, firstSeat: undefined })) };
      expect(buildLayout(again, checkLayout(again))).toEqual(layout);
      expect(capacity).toBeGreaterThan(0);
    });
    assert(comesBack, { seed, numRuns: RUNS });
    // Else nothing was shown.
    expect(accepted).toBeGreaterThan(RUNS / 20);
  });

  it(`is looked at whatever stands in place of what is fine (SEED=${seed})`, PATIENT, () => {
    const nullable = option(section, { freq: 3 });
    const holes = record({
      capacity: option(size),
      sections: option(array(nullable)),
      price: option(size),
    });
    const looks = property(holes, (given) => {
      const { faults } = inTime(() => checkLayout(given));
      for (const { path, message } of faults) expect(`${path} ${message}`).toMatch(/^\/\S* must /);
    });
    assert(looks, { seed, numRuns: RUNS });
  });
});

describe("names of rows", () => {
  it(`are few enough and all different, whatever is written (SEED=${seed})`, PATIENT, () => {
    const named = property(oneof(rows, string({ unit: "binary" })), (text) => {
      const { names, fault } = inTime(() => parseRowNames(text, ROWS_MAX));
      expect(names.length).toBeLessThanOrEqual(ROWS_MAX);
      expect(fault ?? "must be nothing else").toMatch(/^must /);
      expect(fault === null ? new Set(names).size : names.length).toBe(names.length);
    });
    assert(named, { seed, numRuns: RUNS });
  });
});

describe("ranges", () => {
  it(`are refused, or ascend and come back the same (SEED=${seed})`, PATIENT, () => {
    // Small, or hardly two of them would touch.
    const small = stringMatching(/^[1-9](-[1-9])?$/);
    const part = oneof(small, stringMatching(/^[1-9]\d{0,2}(-[1-9]\d{0,2})?$/));
    const text = oneof(
      array(part, { maxLength: 4 }).map((parts) => parts.join(",")),
      string(),
    );
    const ascending = property(text, (given) => {
      const ranges = inTime(() => parseRanges(given));
      if (ranges === null) return;
      const seats = [...seatsOf(given)];
      expect(seats).toEqual(seats.toSorted((a, b) => a - b));
      expect(joinRanges(ranges)).toBe(encodeRanges(seats));
    });
    assert(ascending, { seed, numRuns: RUNS });
  });

  it(`are written of any seats as they are read (SEED=${seed})`, PATIENT, () => {
    const seats = uniqueArray(integer({ min: 1, max: 60 }));
    const written = property(seats, (given) => {
      const sorted = given.toSorted((a, b) => a - b);
      expect([...seatsOf(encodeRanges(sorted))]).toEqual(sorted);
    });
    assert(written, { seed, numRuns: RUNS });
  });
});

describe("a message of the line", () => {
  const random = buildRandom(seed);
  const junk = new Junk(seed);
  const show = requestShow();
  const requests = [show, requestBook(show.showId, { count: 1 })].map(encodeRequest);

  it(`is a request, or has a fault, whatever it is (SEED=${seed})`, PATIENT, () => {
    const any = oneof(
      string({ unit: "binary" }),
      jsonValue().map((json) => JSON.stringify(json)),
      anything().map(String),
    );
    const almost = constantFrom(...requests).map((text) =>
      spoil(JSON.parse(text), { random, junk }),
    );
    const deep = integer({ min: 1, max: 100_000 }).map(
      (depth) => `${requests[1]?.slice(0, -1)},"x":${"[".repeat(depth)}${"]".repeat(depth)}}`,
    );
    const read = property(
      oneof(
        { weight: 20, arbitrary: any },
        { weight: 60, arbitrary: almost },
        { weight: 1, arbitrary: deep },
      ),
      (text) => {
        const parsed = inTime(() => parseRequest(text));
        const again = "fault" in parsed ? parsed : parseRequest(encodeRequest(parsed.request));
        expect(Object.keys(again).sort()).toEqual(Object.keys(parsed).sort());
      },
    );
    assert(read, { seed, numRuns: RUNS });
  });
});
