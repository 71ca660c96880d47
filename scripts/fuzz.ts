/** `npm run fuzz`. */
import { runFuzz } from "@seatline/proof/fuzz/fuzz.ts";
import { parseFuzzOptions } from "@seatline/proof/fuzz/options.ts";
import { findFuzzTarget } from "@seatline/proof/fuzz/target.ts";
import { writeReport } from "@seatline/shared/testing/evidence.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";

/** A good request that is answered later than this was held up. */
const GOOD_MS_MAX = 1_000;

const USAGE = `Usage: npm run fuzz -- [options]
Sends requests and messages that nobody should send to the system that npm start has started, and checks the answers.
  --requests N   how many over HTTP (20000)
  --messages N   how many into the line's topic, among good bookings (2000)
  --seed S       the same again: the seed that a run has printed
  --report FILE  writes what was found as Markdown, too
  --url URL      the gateway, to be sure that it is the one that is meant`;

await runCommand({
  name: "fuzz",
  usage: USAGE,
  run: async (args) => {
    const { url, report, ...options } = parseFuzzOptions(args);
    const stop = new AbortController();
    process.once("SIGINT", () => stop.abort());
    const target = findFuzzTarget(url, readEnvironment());
    const lines: string[] = [];
    const tell = (line: string): void => {
      print(line);
      if (!line.startsWith("  …")) lines.push(line);
    };
    const job = { ...options, goodMsMax: GOOD_MS_MAX, target, print: tell, signal: stop.signal };
    const isFine = await runFuzz(job);
    if (report !== undefined) {
      const { requests, messages, seed } = options;
      const command = `npm run fuzz -- --requests ${requests} --messages ${messages} --seed ${seed}`;
      writeReport(report, { title: "fuzzing", command, lines: ["```text", ...lines, "```"] });
    }
    return isFine;
  },
});
