/** `npm run fuzz`. */
import { runFuzz } from "@seatline/proof/fuzz/fuzz.ts";
import { parseFuzzOptions } from "@seatline/proof/fuzz/options.ts";
import { findFuzzTarget } from "@seatline/proof/fuzz/target.ts";

import { runCommand, withReport } from "./command.ts";
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
  run: withReport({
    name: "fuzz",
    title: "fuzzing",
    run: (args, print) => {
      const { url, ...options } = parseFuzzOptions(args);
      const stop = new AbortController();
      process.once("SIGINT", () => stop.abort());
      const target = findFuzzTarget(url, readEnvironment());
      return runFuzz({ ...options, goodMsMax: GOOD_MS_MAX, target, print, signal: stop.signal });
    },
  }),
});
