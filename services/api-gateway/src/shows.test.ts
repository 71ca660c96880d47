/**
 * Planted faults: every caller loads by itself, an older load replaces a newer one, a load from before a
 * change of the show is kept.
 */
import type { RecordShow } from "@seatline/shared/contract/record.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import { expect, test } from "vitest";

import { Shows } from "./shows.ts";
import type { ShowsDeps } from "./shows.ts";

const ID = "01990000-0000-7000-8000-000000000000";

/** Shows whose reads the test answers, in the order in which they were asked for. */
function buildAnswers() {
  const asked: ((row: unknown) => void)[] = [];
  const read = <T>() => new Promise<T>((answer) => asked.push(answer as (row: unknown) => void));
  const deps: ShowsDeps = {
    findShow: () => read(),
    findShows: () => read(),
    listShows: () => read(),
    findSeats: () => read(),
  };
  return { shows: new Shows(deps), asked };
}

const none = { taken: [], held: [], standing: [], waiting: [] };
const layout = buildPlainLayout(100);
const seatsRow = (version: number) => ({ version, layout, ...none });
const showRow = (version: number) => ({ id: ID, number: 1, version, free: 100 - version, layout });

/** The same for a show that is known already: only its seats are asked for. */
async function buildAnswersOfKnown() {
  const answers = buildAnswers();
  const found = answers.shows.find(ID);
  answers.asked.shift()?.(showRow(1));
  await found;
  return answers;
}

function recordOf(version: number, changesShow = false) {
  const show: RecordShow = {
    id: ID,
    version,
    updatedAt: version,
    capacity: 100,
    free: 100 - version,
    held: version,
    confirmed: 0,
    standing: [],
    seats: { free: "", held: "", confirmed: "" },
    hash: "",
  };
  const entries = [{ changed: [], showId: ID, changesShow }];
  return { shows: [show], entries } as unknown as Parameters<Shows["apply"]>[0];
}

test("a seat map is loaded once for all who ask meanwhile", async () => {
  const { shows, asked } = await buildAnswersOfKnown();
  const answers = [shows.seats(ID), shows.seats(ID), shows.seats(ID)];
  expect(asked).toHaveLength(1);
  asked[0]?.(seatsRow(7));
  for (const seats of await Promise.all(answers)) expect(seats?.version).toBe(7);
});

// The record of a change of the show may be on its way when the seats are read behind it.
test("a seat map is of the layout with which it was read, not of the one that is known here", async () => {
  const { shows, asked } = await buildAnswersOfKnown();
  const answer = shows.seats(ID);
  asked[0]?.({ ...seatsRow(7), layout: { ...layout, blocked: "1-30" } });
  expect((await answer)?.sections).toMatchObject([{ free: 70 }]);
  shows.apply(recordOf(7, true));
  const later = await shows.seats(ID);
  expect([later?.version, later?.capacity]).toEqual([7, 70]);
});

test("a seat map goes on from where it was read with what has come meanwhile", async () => {
  const { shows, asked } = await buildAnswersOfKnown();
  const answer = shows.seats(ID);
  for (const version of [6, 7, 8, 9]) shows.apply(recordOf(version));
  asked[0]?.(seatsRow(7));
  expect((await answer)?.version).toBe(9);
  expect(asked).toHaveLength(1);
});

test("a seat map is read again where something between is missing, and not for ever", async () => {
  const { shows, asked } = await buildAnswersOfKnown();
  const answer = shows.seats(ID);
  for (let loads = 1; loads <= 3; loads++) {
    await expect.poll(() => asked.length).toBe(loads);
    shows.apply(recordOf(10 * loads + 8));
    asked[loads - 1]?.(seatsRow(10 * loads));
  }
  expect(await answer.catch(classifyFault)).toBe("transient");
  const again = shows.seats(ID);
  await expect.poll(() => asked.length).toBe(4);
  asked[3]?.(seatsRow(38));
  expect((await again)?.version).toBe(38);
});

test("a show never gets older, whoever loads it and when", async () => {
  const { shows, asked } = buildAnswers();
  const found = shows.find(ID);
  asked[0]?.(showRow(5));
  expect((await found)?.version).toBe(5);
  const listed = shows.list({ after: 0, limit: 1 });
  asked[1]?.([showRow(7)]);
  expect((await listed)[0]?.version).toBe(7);
  expect((await shows.find(ID))?.version).toBe(7);
  const older = shows.list({ after: 0, limit: 1 });
  asked[2]?.([showRow(6)]);
  expect((await older)[0]?.version).toBe(7);
});

test("what was listed before it was found is not forgotten by the records behind it", async () => {
  const { shows, asked } = buildAnswers();
  shows.apply(recordOf(9));
  const listed = shows.list({ after: 0, limit: 1 });
  asked[0]?.([showRow(8)]);
  expect((await listed)[0]).toMatchObject({ version: 9, free: 91 });
});

test("a show that was changed is read again, and what was read before the change is not kept", async () => {
  const { shows, asked } = await buildAnswersOfKnown();
  shows.apply(recordOf(2));
  expect(await shows.find(ID)).toMatchObject({ version: 2 });
  shows.apply(recordOf(3, true));
  const found = shows.find(ID);
  asked.shift()?.(showRow(2));
  await expect.poll(() => asked.length).toBe(1);
  asked.shift()?.({ ...showRow(3), name: "Another name" });
  expect(await found).toMatchObject({ version: 3, name: "Another name" });
  expect(asked).toEqual([]);
});
