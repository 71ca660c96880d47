/**
 * How services are judged while they are fuzzed. Planted faults: a leak taken for a cache, a restart not noticed,
 * an error in a log not told.
 */
import { describe, expect, it } from "vitest";

import { Watch, findMemoryFault } from "./watch.ts";

const MIB = 1024 ** 2;

function samplesOf(megaOf: (second: number) => number) {
  return Array.from({ length: 1_000 }, (_, second) => ({ bytes: megaOf(second) * MIB }));
}

describe("memory", () => {
  it("may go up and down, and be filled at first", () => {
    expect(findMemoryFault(samplesOf((second) => 200 + (second % 60) * 5))).toBe(null);
    expect(findMemoryFault(samplesOf((second) => Math.min(500, 100 + second * 2)))).toBe(null);
  });

  it("must not grow without end", () => {
    expect(findMemoryFault(samplesOf((second) => 150 + second / 2))).toBe(
      "grew from 300 MiB to 600 MiB",
    );
  });

  it("is bounded at any time", () => {
    expect(findMemoryFault([{ bytes: 1_537 * MIB }])).toBe("had 1537 MiB");
  });
});

describe("the watch", () => {
  it("tells of services that ended, and of errors in their logs but those of dead letters", () => {
    const before = [
      { name: "a", pid: 1 },
      { name: "b", pid: 2 },
      { name: "c", pid: 3 },
    ];
    const after = [
      { name: "a", pid: 1 },
      { name: "b", pid: 4 },
      { name: "c", pid: null },
    ];
    const logs = [
      "old",
      ...["error", "fatal", "warn"].map((level) =>
        JSON.stringify({ level, msg: "x", service: level }),
      ),
    ];
    const parked = JSON.stringify({ level: "error", msg: "parked a dead letter" });
    let [processes, lines] = [before as typeof after, logs.slice(0, 1)];
    const watch = new Watch({ processes: () => processes, readLogs: () => lines });
    [processes, lines] = [after, [...logs, parked, "no JSON"]];
    const ended = ["b ended, or was started again", "c ended, or was started again"];
    const logged = ["error", "fatal"].map((level) => expect.stringContaining(`${level} logged: `));
    expect(watch.close()).toEqual([...ended, ...logged]);
  });
});
