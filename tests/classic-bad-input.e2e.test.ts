/** What the two older backends got wrong, and the right answers. */
import { beforeAll, expect, test } from "vitest";

import { ClassicClient, errorOf } from "./classic-client.ts";
import { UNKNOWN_BOOKING_ID, UNKNOWN_SHOW_ID } from "./client.ts";
import type { Client } from "./client.ts";
import { useStack } from "./stack.ts";

const stack = useStack();
let client: Client;
let classic: ClassicClient;
beforeAll(() => {
  client = stack().client;
  classic = new ClassicClient(client);
});

test.each<[string, unknown]>([
  ["a count as text", { seats_count: "2" }],
  ["a negative count", { seats_count: -3 }],
  ["no seats", { seats_count: 0 }],
  ["half a seat", { seats_count: 1.5 }],
  ["a count that is null", { seats_count: null }],
  ["an empty body", {}],
  ["no body", undefined],
  ["an empty list", { seats: [] }],
  ["a seat three times", { seats: [1, 1, 1] }],
  ["a seat and a count that disagree", { seats: [1, 2], seats_count: 3 }],
  ["a seat that the show does not have", { seats: [11] }],
  ["seat 0", { seats: [0] }],
  ["a seat as text", { seats: ["1"] }],
  ["a list", []],
  ["no JSON", "{"],
])("a: a booking with %s is 400, and nothing is booked", async (_, body) => {
  const show = await classic.createA(10);
  const answer = await classic.post(`/shows/${show.id}/book`, body);
  expect(errorOf(answer)).toMatchObject({ status: 400 });
  expect(await classic.readSeats(show.id)).toMatchObject({ booked: [] });
});

test("a: seats and a count that agree are fine", async () => {
  const show = await classic.createA();
  expect(await classic.bookA(show.id, { seats: [4, 5], seats_count: 2 })).toMatchObject({
    seats_assigned: [4, 5],
  });
});

test.each<[string, unknown]>([
  ["a count as text", { numberOfSeats: "2" }],
  ["a negative count", { numberOfSeats: -3 }],
  ["no seats", { numberOfSeats: 0 }],
  ["half a seat", { numberOfSeats: 1.5 }],
  ["no count", { numberOfSeats: undefined }],
  ["no name", { userName: undefined }],
  ["an empty name", { userName: "" }],
  ["a name with a NUL", { userName: "a\u0000" }],
  ["no show", { showId: undefined }],
  ["a show that is a list", { showId: [1] }],
])("b: a booking with %s is 400, and nothing is booked", async (_, members) => {
  const show = await classic.createB();
  const body = { showId: show.number, userName: "ann", numberOfSeats: 1, ...(members as object) };
  expect(errorOf(await classic.post("/bookings", body))).toMatchObject({ status: 400 });
  expect(await classic.readSeats(show.id)).toMatchObject({ booked: [] });
});

test("more than there is, is 409: by count of either, far beyond what one booking may have too", async () => {
  const show = await classic.createB(5);
  await classic.bookB(show.number, 3);
  for (const count of [3, 50, 51, 1_000_000]) {
    const answers = [
      await classic.post(`/shows/${show.id}/book`, { seats_count: count }),
      await classic.post("/bookings", {
        showId: show.number,
        userName: "bob",
        numberOfSeats: count,
      }),
    ];
    for (const answer of answers) {
      expect(errorOf(answer)).toMatchObject({ status: 409, reason: "not-enough-seats" });
    }
  }
  expect(await classic.readSeats(show.id)).toMatchObject({ booked: [1, 2, 3] });
});

test("unknown shows and malformed ids are 404, not 500", async () => {
  for (const id of ["abc", "999999", "0", "-1", "1.5", "%00", UNKNOWN_SHOW_ID]) {
    const answers = [
      await client.call(`/shows/${id}/seats`),
      await classic.post(`/shows/${id}/book`, { seats_count: 1 }),
    ];
    if (id !== "%00") {
      answers.push(
        await classic.post("/bookings", { showId: id, userName: "ann", numberOfSeats: 1 }),
      );
    }
    for (const answer of answers) expect(errorOf(answer)).toMatchObject({ status: 404 });
  }
  for (const id of ["abc", "1", "%00", UNKNOWN_BOOKING_ID]) {
    expect(errorOf(await client.call(`/bookings/${id}`))).toMatchObject({ status: 404 });
  }
});

test("five confirms of nonsense are five times 404, and the server lives", async () => {
  for (let count = 0; count < 5; count++) {
    const answer = await classic.post("/bookings/abc/confirm");
    expect(errorOf(answer)).toMatchObject({ status: 404 });
  }
  expect((await client.call("/health")).status).toBe(200);
});

test.each<[string, object]>([
  ["a negative capacity", { total_seats: -5 }],
  ["half a capacity", { total_seats: 1.5 }],
  ["no capacity", { total_seats: 0 }],
  ["no name", { name: undefined }],
  ["an empty name", { name: "" }],
  ["no start", { start_time: undefined }],
  ["a start that is none", { start_time: "soon" }],
  ["the 30th of February", { start_time: "2025-02-30 10:00:00" }],
])("a show with %s is 400 in both, without a word of SQL", async (_, members) => {
  const a = { name: "A", start_time: "2025-12-25T19:00:00Z", total_seats: 5, ...members };
  const { name, start_time: startTime, total_seats: seats } = a;
  for (const answer of [
    await classic.post("/admin/shows", a),
    await classic.post("/shows", { name, startTime, seats }),
  ]) {
    const { status, error } = errorOf(answer);
    expect(status).toBe(400);
    expect(error).not.toMatch(/insert|violates|column|sequelize/i);
  }
});
