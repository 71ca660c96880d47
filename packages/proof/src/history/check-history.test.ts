/** Nothing is found in what is true; each contradiction is found by the check that is there for it. */
import { STORAGE_FAULT } from "@seatline/booking-worker/recovery.ts";
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { layoutOf, standing } from "@seatline/shared/testing/builders.ts";
import { requestBook, requestChange, requestShow } from "@seatline/shared/testing/requests.ts";
import { describe, expect, it } from "vitest";

import { CALL_PLANTS } from "../../testing/plants-calls.ts";
import { LINE_PLANTS } from "../../testing/plants-line.ts";
import { SALE_PLANTS } from "../../testing/plants-sales.ts";
import { GATEWAY, buildScenario } from "../../testing/scenario.ts";
import { TrueHistory } from "../../testing/true-history.ts";
import { checkHistory, findWrong } from "./check-history.ts";

const PLANTS = [...SALE_PLANTS, ...LINE_PLANTS, ...CALL_PLANTS];

describe("a history", () => {
  it("that is true is ok in every respect", () => {
    const findings = checkHistory(buildScenario().history);
    expect(findings.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  });

  it("with nothing in it is ok", () => {
    const { history } = buildScenario();
    const tables = Object.fromEntries(Object.keys(history.tables).map((name) => [name, []]));
    const nothing = {
      calls: [],
      topics: { requests: [], outcomes: [], events: [] },
      tables: tables as unknown as typeof history.tables,
      lapseMaxMs: 0,
      rest: null,
      bounds: history.bounds,
    };
    expect(checkHistory(nothing).every(({ verdict }) => verdict === "ok")).toBe(true);
  });

  it("in which a worker parked what it could not decide, or nobody may read, is ok", () => {
    const seen = new TrueHistory();
    const show = requestShow();
    seen.ask(show);
    seen.putHidden(0);
    seen.book(GATEWAY, requestBook(show.showId, { count: 1 }));
    seen.decide(0, 3, new Map([[2, STORAGE_FAULT]]));
    seen.book(GATEWAY, requestBook(show.showId, { count: 1 }), { waits: true });
    expect(findWrong(seen.build())).toEqual([]);
  });

  it("in which a step leaves something to do, and it is in the line, is ok", () => {
    const seen = new TrueHistory();
    const show = requestShow({ layout: layoutOf([standing("Floor", 2_000)]) });
    seen.ask(show);
    const count = BOUNDS.cancels + 1;
    for (let booked = 0; booked < count; booked++) {
      seen.ask(requestBook(show.showId, { count: 1 }));
    }
    seen.decide(0);
    seen.ask(requestChange(show.showId, { sale: "cancelled" }));
    seen.decide(0);
    expect(seen.undecided(0)).toBe(1);
    seen.decide(0);
    expect(findWrong(seen.build())).toEqual([]);
  });

  it("at the end of which nobody swept is not looked at for what outlived its time", () => {
    const findings = checkHistory({ ...buildScenario().history, lapseMaxMs: null });
    const unchecked = findings.filter(({ verdict }) => verdict !== "ok");
    expect(unchecked).toEqual([
      {
        name: "nothing outlives its time",
        verdict: "not-checked",
        details: ["nobody swept at the end of the run"],
      },
    ]);
  });

  it("that is wrong everywhere is told with a bounded number of sentences", () => {
    const { history } = buildScenario();
    const seats = Array.from({ length: 30 }, () => history.tables.seats).flat();
    const wrong = checkHistory({ ...history, tables: { ...history.tables, seats } });
    expect(Math.max(...wrong.map(({ details }) => details.length))).toBe(21);
  });
});

describe("a contradiction is found", () => {
  it.each(PLANTS)("where $name", ({ finds, plant }) => {
    const findings = checkHistory(plant(buildScenario()));
    const violated = findings
      .filter(({ verdict }) => verdict === "violated")
      .map(({ name }) => name);
    expect(violated).toContain(finds);
  });

  it("by each of the checks", () => {
    const names = checkHistory(buildScenario().history).map(({ name }) => name);
    expect(new Set(PLANTS.map(({ finds }) => finds as string))).toEqual(new Set(names));
  });
});
