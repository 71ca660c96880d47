import { expect, test } from "vitest";

import type { RecordEntry } from "@seatline/shared/contract/record.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";

import { WAITERS_MAX, Waiters } from "./waiters.ts";
import type { Waiter } from "./waiters.ts";

const LONG_MS = 60_000;

function buildEntry(offset: number): RecordEntry {
  return {
    partition: 0,
    offset,
    appendedAt: 0,
    now: 0,
    request: null,
    requestId: null,
    deadLetter: null,
    outcome: { kind: "booking", bookingId: "b" },
    showId: null,
    changesShow: false,
    changed: [],
    unchanged: null,
    followUp: null,
  };
}

function wait(waiters: Waiters, ...args: Parameters<Waiters["wait"]>): Waiter {
  const waiter = waiters.wait(...args);
  if (waiter === null) throw new Error("too many wait");
  return waiter;
}

test("everybody who waits for an id is told, and nobody else", async () => {
  const waiters = new Waiters(HOST);
  const [one, two] = [wait(waiters, "a", LONG_MS), wait(waiters, "a", LONG_MS)];
  const other = wait(waiters, "b", LONG_MS);
  waiters.tell("a", buildEntry(1));
  waiters.tell("nobody", buildEntry(2));
  expect(await one.outcome).toMatchObject({ offset: 1 });
  expect(await two.outcome).toMatchObject({ offset: 1 });
  expect(waiters.count).toBe(1);
  other.cancel();
  expect(await other.outcome).toBeNull();
  expect(waiters.count).toBe(0);
});

test("a waiter that wants one outcome is not told another", async () => {
  const waiters = new Waiters(HOST);
  const waiter = wait(waiters, "a", LONG_MS, ({ offset }) => offset > 1);
  waiters.tell("a", buildEntry(1));
  expect(waiters.count).toBe(1);
  waiters.tell("a", buildEntry(2));
  expect(await waiter.outcome).toMatchObject({ offset: 2 });
});

test("when the time is up a waiter goes empty-handed, and is gone", async () => {
  const waiters = new Waiters(HOST);
  expect(await wait(waiters, "a", 1).outcome).toBeNull();
  expect(waiters.count).toBe(0);
});

test("cancelling twice, or after the outcome, counts once", async () => {
  const waiters = new Waiters(HOST);
  const waiter = wait(waiters, "a", LONG_MS);
  waiters.tell("a", buildEntry(1));
  waiter.cancel();
  waiter.cancel();
  expect(await waiter.outcome).toMatchObject({ offset: 1 });
  expect(waiters.count).toBe(0);
});

test("there is a bound, and room again when somebody goes", async () => {
  const waiters = new Waiters(HOST);
  const all = Array.from({ length: WAITERS_MAX }, (_, index) =>
    wait(waiters, `id ${index % 100}`, LONG_MS),
  );
  expect(waiters.wait("one more", LONG_MS)).toBeNull();
  all[0]?.cancel();
  expect(waiters.wait("one more", LONG_MS)).not.toBeNull();
  waiters.close();
  expect(waiters.count).toBe(0);
  expect(await all.at(-1)?.outcome).toBeNull();
});
