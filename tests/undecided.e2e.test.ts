/** What every call answers while nothing is decided, and that it is decided all the same. */
import { expect, test } from "vitest";

import { ClassicClient } from "./classic-client.ts";
import { expectStatus } from "./client.ts";
import type { BookingView, QueuedView } from "./client.ts";
import { useStack } from "./stack.ts";

const stack = useStack();
const PREFER = { prefer: "wait=1" };

test("an undecided call says where it stands when the wait is over, on every route", async () => {
  const { client } = stack();
  const classic = new ClassicClient(client);
  const { id: showId } = await client.createShow({ capacity: 10 });
  const held = await client.book({ showId, count: 1 });
  stack().worker().freeze();
  try {
    const asked = await client.ask({ showId, count: 1 }, PREFER);
    const queued = expectStatus(202, asked) as QueuedView;
    expect(queued).toMatchObject({ showId, status: "QUEUED", ahead: 0 });
    const found = await client.look(queued.id, queued.place);
    expect(expectStatus(200, found)).toMatchObject({ id: queued.id, showId, status: "QUEUED" });
    expect(Number(found.headers["retry-after"])).toBeGreaterThanOrEqual(1);

    const confirm = await client.confirm(held.id, { headers: PREFER });
    expect(expectStatus(202, confirm)).toMatchObject({ id: held.id, status: "QUEUED" });

    const show = { name: "Late", startsAt: "2027-12-25T19:00:00Z", capacity: 1 };
    const created = await client.call("/v1/shows", { body: show, headers: PREFER });
    expect(expectStatus(202, created)).toMatchObject({ status: "QUEUED" });

    const bookA = await classic.post(`/shows/${showId}/book`, { seats_count: 1 }, PREFER);
    expect(expectStatus(202, bookA)).toMatchObject({ show_id: showId, status: "QUEUED" });
    const b = { showId, userName: "ann", numberOfSeats: 1 };
    const bookB = expectStatus(202, await classic.post("/bookings", b, PREFER)) as { id: string };
    const late = { name: "Late", startTime: "2025-12-10 10:00:00", seats: 3 };
    expect((await classic.post("/shows", late, PREFER)).status).toBe(202);

    stack().worker().wake();
    expect(await client.decided(queued)).toMatchObject({ status: "PENDING", seats: [2] });
    expect(await client.decided({ id: bookB.id, place: null })).toMatchObject({
      status: "PENDING",
    } satisfies Partial<BookingView>);
    await expect.poll(() => client.booking(held.id)).toMatchObject({ status: "CONFIRMED" });
    const shown = String(created.headers.location);
    expect((await client.call(shown)).json).toMatchObject({ name: "Late", free: 1 });
  } finally {
    stack().worker().wake();
  }
});

test("a place in the line says at every gateway whose it is and whether any will be left", async () => {
  const { client } = stack();
  const second = await stack().addGateway();
  await second.start();
  const other = stack().clientOf(1);
  const { id: showId } = await client.createShow({ capacity: 20 });
  await client.book({ showId, seats: [20] });
  await other.show(showId);
  await other.seats(showId);
  stack().worker().freeze();
  try {
    const asks = [{ count: 4 }, { together: [4] }, { count: 8 }, { count: 8 }, { seats: [20] }];
    const queued: QueuedView[] = [];
    for (const ask of asks) queued.push(await client.queue({ showId, ...ask }));
    const told = [];
    for (const { id, place } of queued) {
      const look = async () => (await other.look(id, place)).json as QueuedView;
      await expect.poll(look).toMatchObject({ id, showId, free: 19 });
      const { wantedAhead, verdict } = await look();
      told.push([wantedAhead, verdict]);
    }
    expect(told).toEqual([
      [0, "likely"],
      [4, "uncertain"],
      [8, "likely"],
      [16, "unlikely"],
      [24, "unlikely"],
    ]);
  } finally {
    stack().worker().wake();
  }
});

test("lists are answered however many shows their bookings are of", async () => {
  const { client } = stack();
  const asks = Array.from({ length: 700 }, () =>
    client.askAndWait({ showId: crypto.randomUUID(), count: 1 }),
  );
  for (const answer of await Promise.all(asks)) expect(answer.status).toBe(404);
  const gateway = await stack().addGateway();
  await gateway.start();
  const fresh = stack().clientOf(2);
  const all = expectStatus(200, await fresh.call("/bookings")) as unknown[];
  expect(all.length).toBeGreaterThanOrEqual(700);
  expect((await fresh.call("/v1/bookings?limit=1000")).status).toBe(200);
});
