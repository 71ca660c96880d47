/** What `npm run performance` measures is what it says: the shows, what is asked of them, and the bounds. */
import { decide } from "@seatline/shared/core/decide.ts";
import { countPlaces, isLive } from "@seatline/shared/core/model.ts";
import { freePlaces } from "@seatline/shared/core/show.ts";
import { describe, expect, it, test } from "vitest";

import { parsePerformanceOptions } from "./options.ts";
import type { CostRow } from "./performance-clock.ts";
import { listRequests, measureDecide } from "./performance-decide.ts";
import { WAYS } from "./performance-orders.ts";
import { ASKED, QUESTIONS } from "./performance-questions.ts";
import { buildDocument, checkBounds } from "./performance-report.ts";
import type { PerformanceReport } from "./performance-report.ts";
import { KINDS, buildLayout, buildSale } from "./performance-shows.ts";
import type { Sales } from "./performance-shows.ts";
import { measureStep } from "./performance-step.ts";

/** The small show in the place of the large one, too: that takes no time. */
function buildSmallSales(): Sales {
  const ofKind = (kind: (typeof KINDS)[number]) => {
    const ofWay = (way: (typeof WAYS)[number]) => {
      const small = buildSale(kind, "small", way);
      return { small, large: small };
    };
    return {
      random: ofWay("random"),
      "best-first": ofWay("best-first"),
      "every-other": ofWay("every-other"),
    };
  };
  return { seated: ofKind("seated"), plain: ofKind("plain") };
}

describe("a sale", () => {
  it.each(KINDS.flatMap((kind) => WAYS.map((way) => ({ kind, way }))))(
    "of a small $kind show, sold $way, is half sold, with holds and people who wait",
    ({ kind, way }) => {
      const { state, show, sold, waiting } = buildSale(kind, "small", way);
      const share = (show.held + show.confirmed) / show.capacity;
      // With every other seat all accessible ones are sold, and all standing places.
      expect(share).toBeGreaterThan(0.45);
      expect(share).toBeLessThan(way === "every-other" ? 0.65 : 0.55);
      const places = sold.reduce((sum, booking) => sum + countPlaces(booking), 0);
      expect(places).toBe(show.capacity - freePlaces(show));
      const kept = [...state.bookings.values()];
      const held = kept.filter(isLive).reduce((sum, booking) => sum + countPlaces(booking), 0);
      expect([held, show.waiting.size, show.waiting.kinds]).toEqual([show.held, 5, 5]);
      expect(kept.filter(({ status }) => status === "CONFIRMED")).toEqual([]);
      expect(waiting.every(({ status }) => status === "WAITING")).toBe(true);
      expect([show.mayServe, show.usage.size > 0, held > 0]).toEqual([false, true, true]);
    },
  );

  it("is of the same show every time", () => {
    const [one, other] = [1, 2].map(() => buildSale("seated", "small", "random"));
    expect(one?.sold).toEqual(other?.sold);
  });

  it("has a hundred numbered seats, or a million", () => {
    const seats = (size: "small" | "large") => {
      const { sections } = buildLayout("seated", size);
      return sections.map((section) => {
        if (section.kind !== "seated" || typeof section.seatsPerRow !== "number") return 0;
        return Number(section.rows.split("-")[1]) * section.seatsPerRow;
      });
    };
    const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
    expect([sum(seats("small")), sum(seats("large"))]).toEqual([100, 1_000_000]);
    expect(seats("large").filter((count) => count === 10_000)).toHaveLength(100);
    const plain = [buildLayout("plain", "small"), buildLayout("plain", "large")];
    expect(plain.map(({ sections: [line] }) => line?.kind === "plain" && line.seats)).toEqual([
      100, 1_000_000,
    ]);
  });
});

describe("the questions", () => {
  it("come to what they are about on the small show, as on the large one", () => {
    const sales = buildSmallSales();
    for (const question of QUESTIONS) {
      const { state } = sales[question.kind][question.way].small;
      const requests = listRequests(question, sales[question.kind][question.way].small);
      for (const request of requests) {
        const { outcome } = decide(state, request, ASKED);
        const isRefusal = question.expected !== "change" && "reason" in question.expected;
        expect(outcome.kind).toBe(isRefusal ? "refused" : "booking");
      }
    }
  });

  it("are of every kind of want, each plain and narrowed in four ways", () => {
    const wants = [
      "2 seats",
      "count 4",
      ...["1", "2", "4", "8", "2, 2", "4, 4"].map((groups) => `together [${groups}]`),
    ];
    const narrowed = [
      "",
      ", in one section",
      ", in three sections",
      ", at a price",
      ", accessible",
    ];
    for (const way of ["random", "best-first"]) {
      const names = QUESTIONS.filter((one) => one.way === way && one.kind === "seated").map(
        ({ name }) => name,
      );
      const missing = wants
        .flatMap((want) => narrowed.map((how) => want + how))
        .filter((name) => !names.includes(name));
      expect(missing).toEqual([]);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it("which nothing answers as expected are not measured as something else", () => {
    const [question] = QUESTIONS;
    if (question === undefined) throw new Error("there are questions");
    const soldOut = { ...question, expected: { reason: "seats-taken" } } as const;
    expect(() => listRequests(soldOut, buildSale("seated", "small", "random"))).toThrow(
      "nothing comes",
    );
  });
});

test(
  "rounds leave the shows as they were, and every kind has a figure",
  { timeout: 30_000 },
  () => {
    const sales = buildSmallSales();
    const rows = [...measureDecide(sales, 1), ...measureStep(sales, 1)];
    expect(rows.filter(({ small, large }) => !(small > 0 && large > 0))).toEqual([]);
    expect(rows.some(({ name }) => name === "cancel, and one who waits is served")).toBe(true);
  },
);

describe("the bounds", () => {
  const row: CostRow = {
    name: "count 4",
    kind: "seated",
    way: "random",
    isLarge: false,
    small: 4,
    large: 9,
    ratio: 2.25,
  };
  const load = {
    firstMs: 990,
    totalMs: 900,
    parts: [],
    bytes: 0,
    counts: { seats: 1, bookings: 1, holds: 1, waiting: 1, customers: 1 },
  };
  const report: PerformanceReport = { machine: "a machine", decide: [row], step: [], load };
  const met = (changed: Partial<PerformanceReport>) =>
    checkBounds({ ...report, ...changed }).map(({ isMet }) => isMet);

  it.each<{ what: string; changed: Partial<PerformanceReport>; expected: boolean[] }>([
    { what: "all is well", changed: {}, expected: [true, true, true] },
    {
      what: "a first load that is too slow",
      changed: { load: { ...load, firstMs: 1_001 } },
      expected: [false, true, true],
    },
    {
      what: "a load that is too slow",
      changed: { load: { ...load, totalMs: 1_001 } },
      expected: [false, true, true],
    },
    {
      what: "one decision that is too slow",
      changed: { decide: [row, { ...row, large: 10.1 }] },
      expected: [true, false, true],
    },
    {
      what: "one that grows with the show",
      changed: { decide: [{ ...row, ratio: 3.1 }, row] },
      expected: [true, true, false],
    },
    {
      what: "one for which nothing is promised",
      changed: { decide: [row, { ...row, isLarge: true, large: 99 }] },
      expected: [true, true, true],
    },
    { what: "nothing measured", changed: { decide: [] }, expected: [true, false, false] },
  ])("$what", ({ changed, expected }) => {
    expect(met(changed)).toEqual(expected);
    const text = buildDocument({ ...report, ...changed }).join("\n");
    expect(text.includes("**not met**")).toBe(expected.includes(false));
  });
});

test("the command takes rounds, and whether to write", () => {
  expect(parsePerformanceOptions([])).toEqual({ rounds: 51, isWritten: false });
  expect(parsePerformanceOptions(["--write", "--rounds", "5"])).toEqual({
    rounds: 5,
    isWritten: true,
  });
  expect(() => parsePerformanceOptions(["--rounds", "0"])).toThrow("--rounds must be");
});
