/** Decides the lines of a decision log again, one after the other, and tells the first difference. */
import { isUtf8 } from "node:buffer";
import type { Readable } from "node:stream";

import { Replay } from "@seatline/shared/line/decision-log.ts";

/** Nobody's line is longer: a request, and the bookings that one step of the line may change. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

type Replayed = { readonly difference: string | null; readonly summary: string };

/** Every byte counts: what stands behind the last end of line is a line, too. */
export async function replayLines(log: Readable): Promise<Replayed> {
  const replay = new Replay();
  const lines = splitLines(log);
  let number = 0;
  for await (const line of lines) {
    number += 1;
    // Else another byte could be read as the same character that stands for all that is none.
    const fault = isUtf8(line) ? replay.check(line.toString("utf8")) : "it is not UTF-8.";
    if (fault !== null) {
      const difference = `Line ${number}: ${fault}`;
      return { difference, summary: "" };
    }
  }
  if (number === 0) return { difference: "The log is empty.", summary: "" };
  const summary = `Identical: ${replay.decisions} decisions, decided again, have the same outcomes and hashes.\nRunning hash: ${replay.hash}\nIs it the hash that you noted? A log that was cut short is identical as far as it goes.`;
  return { difference: null, summary };
}

/** Not `readline`: it would take other line ends for ours, and a changed byte would go unseen. */
async function* splitLines(log: Readable): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of log as AsyncIterable<Uint8Array>) {
    rest = Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10, start)) {
      yield rest.subarray(start, end);
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (rest.length > LINE_BYTES_MAX) throw new Error("a line is longer than any of Seatline's.");
  }
  if (rest.length > 0) yield rest;
}
