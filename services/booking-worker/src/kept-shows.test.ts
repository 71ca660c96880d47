/**
 * What a worker forgets. Planted faults: shows bounded by their number alone, so that the largest ones fill the
 * memory; the ones touched last let go.
 */
import { describe, expect, it } from "vitest";

import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import { buildShow } from "@seatline/shared/core/show.ts";
import { buildShowFacts } from "@seatline/shared/testing/builders.ts";

import { listSurplusShows } from "./kept-shows.ts";

function showsOf(count: number, seats: number) {
  const layout = buildPlainLayout(seats);
  const ids = Array.from({ length: count }, (_, index) => `show ${index}`);
  return new Map(ids.map((id) => [id, buildShow(buildShowFacts({ id, layout }))]));
}

describe("the shows that a worker keeps", () => {
  it("are the five hundred that were touched last", () => {
    const shows = showsOf(503, 1);
    expect([...listSurplusShows(shows, shows.keys())].sort()).toEqual([
      "show 0",
      "show 1",
      "show 2",
    ]);
  });

  it("are fewer where they are large", () => {
    const shows = showsOf(12, 1_000_000);
    expect([...listSurplusShows(shows, shows.keys())].sort()).toEqual(["show 0", "show 1"]);
  });

  it("are not those with very many customers", () => {
    const shows = showsOf(2, 1);
    const crowd = shows.get("show 1")?.usage;
    for (let index = 0; index <= 200_000; index++) crowd?.set(`c${index}`, { places: 1, holds: 0 });
    expect([...listSurplusShows(shows, shows.keys())]).toEqual(["show 1"]);
  });
});
