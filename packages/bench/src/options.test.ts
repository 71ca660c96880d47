/** What the commands are told, and what they refuse to be told. */
import { expect, test } from "vitest";

import { parseLatencyOptions, parseStressOptions } from "./options.ts";

test("nothing given is a rush of 5,000 for 100 seats", () => {
  expect(parseStressOptions([])).toEqual({
    url: undefined,
    bookings: 5_000,
    seats: 100,
    connections: 200,
    kill: null,
  });
});

test("a kill is of a part or by a command, at an ack", () => {
  const part = parseStressOptions(["--kill", "worker", "--kill-at", "10"]);
  expect(part.kill).toEqual({ kind: "process", part: "worker", atAck: 10 });
  const command = parseStressOptions(["--kill-command", "docker kill x"]);
  expect(command.kill).toEqual({ kind: "command", command: "docker kill x", atAck: 1_000 });
});

test.each([
  [["--kill", "gateway"], "worker or broker"],
  [["--kill", "worker", "--kill-command", "true"], "exclude each other"],
  [["--kill", "worker", "--kill-at", "4900"], "nothing to measure the recovery by"],
  [["--bookings", "0"], "--bookings must be a whole number from 1"],
  [["--url", "localhost:3000"], "--url must be an address"],
  [["--speed", "9"], "--speed"],
])("%j is refused: %s", (args, sentence) => {
  expect(() => parseStressOptions(args)).toThrow(sentence);
});

test("latency takes as many samples as it is told, of the fewest that tell anything", () => {
  expect(parseLatencyOptions([])).toEqual({ url: undefined, samples: 500 });
  expect(() => parseLatencyOptions(["--samples", "3"])).toThrow("--samples");
});
