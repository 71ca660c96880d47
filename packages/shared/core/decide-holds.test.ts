/** For how long a booking is held: as its show says, unless it asks for a length of its own. */
import { describe, expect, it } from "vitest";

import { HOLD_MS, at, book, createShow, play } from "../testing/builders.ts";

const SEAT_1 = { seats: [1] };

describe("a booking that asks for a hold of its own", () => {
  const HELD = { ...book("a", SEAT_1), holdMs: 7 * HOLD_MS };

  it.each([
    { rule: "that holds for less", rules: {} },
    { rule: "that would confirm at once", rules: { confirmation: "automatic" as const } },
  ])("gets it on a show $rule", ({ rules }) => {
    const { state } = play([at(0, createShow({ rules })), at(5, HELD)]);
    expect(state.bookings.get("a")).toMatchObject({
      status: "PENDING",
      expiresAt: 5 + 7 * HOLD_MS,
    });
  });
});
