/**
 * A gateway that dies, or loses a question or an answer, at every single question that it asks while one customer
 * books under a key and pays: whatever the customer hears, there is one booking, and it is paid in the end.
 * docs/crash-cases.md names the gaps.
 */
import { BOUNDS } from "@seatline/shared/core/bounds.ts";
import { parseRequest } from "@seatline/shared/contract/request.ts";
import { describe, expect, it } from "vitest";

import { findWrong } from "../history/check-history.ts";
import type { Fault } from "./random-faults.ts";
import type { StepFault } from "./network.ts";
import type { Plan } from "./plan.ts";
import { simulate } from "./simulate.ts";

/** Beyond those at which the customer is served. */
const STEPS_MAX = 120;
/** The moments at which it is killed whatever it does: from the first ask to after the last answer. */
const BEGIN_MS = 600;
const MOMENTS = Array.from({ length: 150 }, (_, index) => BEGIN_MS + index);
const DEATHS: readonly StepFault[] = ["die-before", "die-when-sent", "die-when-done"];
const LOSSES: readonly StepFault[] = ["lose-question", "lose-answer", "late"];

function buildPlan(gateways: number, fault: Fault): Plan {
  const sections = [{ kind: "plain", name: "", seats: 4, price: 100 }] as const;
  return {
    seed: 1,
    partitionCount: 1,
    bounds: BOUNDS,
    gateways,
    workers: 1,
    expiryWorkers: 1,
    shows: [
      {
        layout: { sections, currency: "EUR", accessible: "", blocked: "" },
        rules: {
          holdMs: 60_000,
          holdMaxMs: 60_000,
          rescueMs: 0,
          confirmation: "manual",
          cancelConfirmed: false,
          seatsPerBookingMax: 4,
          seatsPerCustomerMax: null,
          holdsPerCustomerMax: null,
        },
        opensInMs: null,
      },
    ],
    errands: [
      {
        atMs: BEGIN_MS,
        show: 0,
        customer: "ann",
        key: "her-key",
        wants: [{ count: 2 }],
        confirmNow: false,
        holdMs: null,
        waits: false,
        byStaff: false,
        waitMs: 0,
        next: [{ kind: "confirm", looksFirst: true, afterMs: 10, waitMs: 500 }],
        looksBack: true,
      },
    ],
    staff: [],
    faults: [fault],
  };
}

/** What the customer heard first, and how often her request stands in the line. */
async function play(gateways: number, fault: Fault): Promise<string> {
  const { history } = await simulate(buildPlan(gateways, fault));
  const wrong = findWrong(history);
  expect(wrong, JSON.stringify(fault)).toEqual([]);
  const statuses = history.tables.bookings.map(({ status }) => status);
  expect(statuses, JSON.stringify(fault)).toEqual(["CONFIRMED"]);
  const first = history.calls.find(({ asked }) => asked.kind === "book")?.heard ?? null;
  const copies = history.topics.requests.filter(
    ({ value }) => value !== null && isBooking(value.toString("utf8")),
  ).length;
  return `${first?.kind ?? "nothing"}, in the line ${copies} times`;
}

function isBooking(value: string): boolean {
  const parsed = parseRequest(value);
  return "request" in parsed && parsed.request.kind === "book";
}

async function playSteps(gateways: number, faults: readonly StepFault[]): Promise<Set<string>> {
  const seen = new Set<string>();
  for (const fault of faults) {
    for (let step = 1; step <= STEPS_MAX; step++) {
      seen.add(await play(gateways, { kind: "step", role: "gateway-0", step, fault }));
    }
  }
  return seen;
}

describe.each([1, 2])("one customer at %i gateways", (gateways) => {
  it("is served, wherever between two questions the gateway dies", async () => {
    const seen = await playSteps(gateways, DEATHS);
    // Before the send; after it, without its ack or before the answer; after the answer.
    expect([...seen]).toEqual(
      expect.arrayContaining([
        "nothing, in the line 1 times",
        "nothing, in the line 2 times",
        "queued, in the line 1 times",
      ]),
    );
  });

  it("is served, whatever question of the gateway or answer to it is lost or late", async () => {
    const seen = await playSteps(gateways, LOSSES);
    expect([...seen]).toEqual(
      expect.arrayContaining([
        "unavailable, in the line 1 times",
        "unavailable, in the line 2 times",
        "queued, in the line 1 times",
      ]),
    );
  });

  it("is served, in whatever millisecond the gateway dies", async () => {
    const seen = new Set<string>();
    for (const atMs of MOMENTS) {
      seen.add(await play(gateways, { kind: "kill", role: "gateway-0", atMs }));
    }
    expect([...seen]).toContain("queued, in the line 1 times");
  });
});
