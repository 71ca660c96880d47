/**
 * The cancellation of a show that is larger than one step, while holds lapse in front of its steps: they
 * are in the page of bookings that was loaded for the step. Planted faults it catches: a page that has no
 * room for them, and a worker that takes a short step for the last one.
 */
import { setTimeout as pause } from "node:timers/promises";

import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import { TestLine } from "@seatline/shared/testing/line.ts";
import { requestBook, requestChange, requestShow } from "@seatline/shared/testing/requests.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";
import { afterEach, beforeEach, expect, it } from "vitest";

import { startWorker } from "../testing/test-worker.ts";
import type { TestWorker } from "../testing/test-worker.ts";

const HOLD_MS = 1_000;

let line: TestLine;
let worker: TestWorker;
beforeEach(async () => {
  line = await TestLine.open();
  worker = await startWorker(line);
});
afterEach(async () => {
  await worker.close();
  await line.close();
});

it.each([
  { last: "a confirmed booking", isHeld: false },
  // A worker has all holds in memory, wherever they stand; the confirmed ones only page by page.
  { last: "a hold that lasts", isHeld: true },
])("ends every booking, the last of them $last", async ({ isHeld }) => {
  const { showId, ...show } = requestShow({
    layout: buildPlainLayout(3_000),
    rules: { holdMs: HOLD_MS },
  });
  const confirmed = Array.from({ length: 2 * BOUNDS.cancels }, () =>
    requestBook(showId, { count: 1 }, { confirmNow: true }),
  );
  const lasting = requestBook(showId, { count: 1 }, { holdMs: 600_000 });
  const books = [requestBook(showId, { count: 1 }), ...confirmed, ...(isHeld ? [lasting] : [])];
  await line.ask({ ...show, showId }, ...books);
  await line.decidedUpTo(0, 1 + books.length);
  await pause(2 * HOLD_MS);
  await line.ask(requestChange(showId, { sale: "cancelled" }));
  await waitUntil("every booking has ended", async () => {
    const rows = await line.sql<{ status: string; count: number }[]>`
      select status, count(*)::int as count from bookings group by status order by status`;
    return JSON.stringify(rows.map(({ status, count }) => [status, count])) ===
      JSON.stringify([
        ["CANCELLED", books.length - 1],
        ["FAILED", 1],
      ])
      ? rows
      : undefined;
  });
  expect(await line.sql`select 1 from seats`).toHaveLength(0);
});
