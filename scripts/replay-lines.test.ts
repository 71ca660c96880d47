/** Planted faults: bytes that are no text are read as the character that stands for them; no line is identical. */
import { Readable } from "node:stream";

import { expect, test } from "vitest";

import { replayLines } from "./replay-lines.ts";

test.each([
  [[0xff, 0x0a], "Line 1: it is not UTF-8."],
  [[], "The log is empty."],
])("the bytes %j are told of: %s", async (bytes, told) => {
  const log = Readable.from([Buffer.from(bytes)]);
  expect(await replayLines(log)).toMatchObject({ difference: told });
});
