import { HOST } from "@seatline/shared/runtime/host.ts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Drain } from "./drain.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The clock of these tests goes only when told. */
function passMs(ms: number): void {
  vi.advanceTimersByTime(ms);
}

test("a steady line is measured at what it does", () => {
  const drain = new Drain(HOST);
  for (let count = 0; count < 60; count++) {
    passMs(100);
    drain.noteDecided(50, true);
  }
  expect(drain.perSecond).toBeGreaterThan(499);
  expect(drain.perSecond).toBeLessThan(502);
});

test("single requests, one now and then, say nothing of how fast the line could go", () => {
  const drain = new Drain(HOST);
  const before = drain.perSecond;
  for (let count = 0; count < 20; count++) {
    passMs(500);
    drain.noteDecided(1, false);
  }
  passMs(5_000);
  drain.noteDecided(1_000, true);
  expect(drain.perSecond).toBe(before);
});

test("records in the same instant do not make the rate infinite", () => {
  const drain = new Drain(HOST);
  drain.noteDecided(10, true);
  drain.noteDecided(10, true);
  expect(Number.isFinite(drain.perSecond)).toBe(true);
  expect(drain.perSecond).toBeGreaterThan(0);
});

test("a line stands when requests wait and nothing is decided for some seconds", () => {
  const drain = new Drain(HOST);
  passMs(60_000);
  expect(drain.isStalled).toBe(false);
  drain.noteWaiting(true);
  passMs(2_900);
  expect(drain.isStalled).toBe(false);
  drain.noteWaiting(true);
  passMs(200);
  expect(drain.isStalled).toBe(true);
  drain.noteDecided(1, true);
  expect(drain.isStalled).toBe(false);
  passMs(3_100);
  expect(drain.isStalled).toBe(true);
  drain.noteWaiting(false);
  expect(drain.isStalled).toBe(false);
});
