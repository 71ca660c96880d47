/**
 * What a partition learns from its troubles. Planted faults: a hole in the log read for ever, one bad
 * request that holds up the rest, an innocent one parked for the fault of a state.
 */
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import { describe, expect, it } from "vitest";

import { BATCH_MESSAGES_MAX, Recovery } from "./recovery.ts";
import type { Advice, Trouble } from "./recovery.ts";

const NEXT = 100;
const error = new Error("what was thrown");

/** The advices for so many troubles of one kind, a tenth of a second apart. */
function adviseTimes(recovery: Recovery, trouble: Trouble, times: number): Advice[] {
  return Array.from({ length: times }, (_, index) =>
    recovery.advise(trouble, NEXT, 1_000 + index * 100),
  );
}

describe("what is being waited for", () => {
  it.each<[Trouble, boolean]>([
    [{ kind: "transient", error }, true],
    [{ kind: "exhausted", error }, true],
    [{ kind: "too-slow", error }, true],
    [{ kind: "data", error }, false],
    [{ kind: "fenced" }, false],
    [{ kind: "feed" }, false],
    [{ kind: "doubt" }, false],
    [{ kind: "unpublished" }, false],
    [{ kind: "core", offset: NEXT, error }, false],
  ])("%j: %j", (trouble, isWaiting) => {
    const advice = new Recovery().advise(trouble, NEXT, 0);
    expect(advice).toMatchObject({ isWaiting, giveUp: null });
    expect(advice.backOffMs).toBeGreaterThan(0);
  });
});

it("comes back later and later, to a bound, and soon again once it got on", () => {
  const recovery = new Recovery();
  const waits = adviseTimes(recovery, { kind: "transient", error }, 10).map((it) => it.backOffMs);
  expect(waits).toEqual([50, 100, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000]);
  expect(recovery.advise({ kind: "transient", error }, NEXT + 1, 2_100).backOffMs).toBe(50);
});

it("says once that something is away, not at every try", () => {
  const levels = adviseTimes(new Recovery(), { kind: "transient", error }, 3).map((it) => it.level);
  expect(levels).toEqual(["warn", "debug", "debug"]);
});

it("says so after another trouble, too", () => {
  const recovery = new Recovery();
  recovery.advise({ kind: "doubt" }, NEXT, 0);
  expect(recovery.advise({ kind: "transient", error }, NEXT, 1).level).toBe("warn");
  const missing = { kind: "missing", sentence: "There is no topic." } as const;
  expect(recovery.advise(missing, NEXT, 2)).toMatchObject({ level: "error", isWaiting: true });
  expect(recovery.advise(missing, NEXT, 3).level).toBe("debug");
});

it("names who is away", () => {
  const wordsOf = (fault: unknown) =>
    new Recovery().advise({ kind: "transient", error: fault }, NEXT, 0).words;
  expect(wordsOf(error)).toMatch(/^Postgres is away or busy/);
  expect(wordsOf(Object.assign(new Error(), { name: "KafkaJSConnectionError" }))).toMatch(
    /^the broker is away/,
  );
});

describe("a feed that breaks", () => {
  it("is a hole in the log when it does so at one offset again and again", () => {
    const advices = adviseTimes(new Recovery(), { kind: "feed" }, 6);
    expect(advices.slice(0, 5).every(({ giveUp }) => giveUp === null)).toBe(true);
    expect(advices[5]?.giveUp?.why).toContain(`offset ${NEXT}`);
  });

  it("is none when that is once in a while", () => {
    const recovery = new Recovery();
    for (let minutes = 0; minutes < 20; minutes += 2) {
      expect(recovery.advise({ kind: "feed" }, NEXT, minutes * 60_000).giveUp).toBeNull();
    }
  });
});

describe("a batch that cannot be stored", () => {
  it("is tried as it is, then one request at a time, then its first request is parked", () => {
    const recovery = new Recovery();
    const seen = Array.from({ length: 4 }, (_, index) => {
      recovery.advise({ kind: "data", error }, NEXT, index);
      return { messagesMax: recovery.messagesMax, parked: [...recovery.poison.keys()] };
    });
    expect(seen).toEqual([
      { messagesMax: BATCH_MESSAGES_MAX, parked: [] },
      { messagesMax: BATCH_MESSAGES_MAX, parked: [] },
      { messagesMax: 1, parked: [] },
      { messagesMax: 1, parked: [NEXT] },
    ]);
  });

  it("is forgotten as soon as it is committed, and batches grow again", () => {
    const recovery = new Recovery();
    for (let at = 0; at < 4; at++) recovery.advise({ kind: "data", error }, NEXT, at);
    recovery.noteCommitted([{ offset: NEXT }]);
    expect([recovery.messagesMax, recovery.poison.size]).toEqual([2, 0]);
    for (let count = 0; count < 20; count++) recovery.noteCommitted([]);
    expect(recovery.messagesMax).toBe(BATCH_MESSAGES_MAX);
  });
});

describe("a commit that takes too long", () => {
  it("makes the next batch half as large, and is not waited for any more at one request", () => {
    const recovery = new Recovery();
    const advices = adviseTimes(recovery, { kind: "too-slow", error }, 12);
    expect(recovery.messagesMax).toBe(1);
    expect(advices.at(-1)?.isWaiting).toBe(false);
    expect(recovery.poison.size).toBe(0);
  });
});

describe("a failure of the core", () => {
  it("parks the request that fails twice on the same state, and no other", () => {
    const recovery = new Recovery();
    const core = (offset: number) => ({ kind: "core", offset, error }) as const;
    recovery.advise(core(NEXT + 3), NEXT, 0);
    recovery.advise(core(NEXT + 4), NEXT, 1);
    recovery.advise(core(NEXT + 3), NEXT + 1, 2);
    expect([...recovery.poison.keys()]).toEqual([]);
    recovery.advise(core(NEXT + 3), NEXT + 1, 3);
    expect([...recovery.poison.keys()]).toEqual([NEXT + 3]);
  });
});

it("gives up where only a person can help, and says so in one sentence", () => {
  const sentence = "The topic was replaced.";
  const { giveUp } = new Recovery().advise({ kind: "foreign", sentence }, NEXT, 0);
  expect(giveUp).toEqual({ why: sentence, error: new ConfigError([sentence]) });
  expect(new Recovery().advise({ kind: "bug", error }, NEXT, 0).giveUp?.error).toBe(error);
});
