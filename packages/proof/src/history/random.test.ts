/** Whatever a sound system leaves behind, nothing is found in it. A run that fails names its seed; `SEED=…` brings it back. */
import { parseRecord } from "@seatline/shared/contract/record.ts";
import { buildRandom, seedOfRun } from "@seatline/shared/testing/random.ts";
import { describe, expect, it } from "vitest";

import { buildRandomHistory } from "../../testing/random-history.ts";
import { findWrong } from "./check-history.ts";
import type { History } from "./history.ts";

const HISTORIES = 100;
const MESSAGES = 100;
/** Only ends what hangs, on a machine that is busy. */
const TIMEOUT_MS = 60_000;

const seed = seedOfRun();

/** What must have come up in a run for it to have tested anything. */
const seen = {
  waiting: 0,
  served: 0,
  lapsed: 0,
  rescued: 0,
  endedWithItsShow: 0,
  partlyReturned: 0,
  parked: 0,
  limited: 0,
  standing: 0,
  keyReused: 0,
  stillQueued: 0,
  copies: 0,
};

function note({ tables, topics, calls }: History): void {
  const statusById = new Map<string, string>();
  for (const { body } of tables.records) {
    for (const booking of parseRecord(body)?.entries.flatMap(({ changed }) => changed) ?? []) {
      const before = statusById.get(booking.id);
      statusById.set(booking.id, booking.status);
      const isLive = booking.status === "PENDING" || booking.status === "CONFIRMED";
      if (before === "WAITING" && isLive) seen.served += 1;
    }
  }
  for (const booking of tables.bookings) {
    if (booking.status === "WAITING") seen.waiting += 1;
    if (booking.reason === "hold-expired") seen.lapsed += 1;
    if (booking.reason === "customer-limit-reached") seen.limited += 1;
    if (booking.reason === "show-cancelled") seen.endedWithItsShow += 1;
    if (booking.rescued) seen.rescued += 1;
    if (booking.returned.length > 0) seen.partlyReturned += 1;
    if (booking.standing.length > 0) seen.standing += 1;
  }
  for (const { heard } of calls) {
    if (heard?.kind === "refused" && heard.reason === "key-reused") seen.keyReused += 1;
    if (heard?.kind === "queued") seen.stillQueued += 1;
  }
  seen.parked += tables.deadLetters.length;
  if (topics.outcomes.length > tables.records.length) seen.copies += 1;
}

describe(`a true history, from seed ${seed}`, () => {
  it(
    "contradicts itself nowhere",
    () => {
      const random = buildRandom(seed);
      for (let count = 0; count < HISTORIES; count++) {
        const history = { ...buildRandomHistory(random, MESSAGES), lapseMaxMs: 60 * 60 * 1_000 };
        note(history);
        const wrong = findWrong(history);
        expect(wrong, `history ${count} of seed ${seed}`).toEqual([]);
      }
      expect(Object.entries(seen).filter(([, times]) => times === 0)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
