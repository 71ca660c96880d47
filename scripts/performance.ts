/** `npm run performance`. */
import { parsePerformanceOptions } from "@seatline/bench/options.ts";
import { runPerformance } from "@seatline/bench/performance.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";

const USAGE = `Usage: npm run performance -- [options]
Measures what a decision costs on shows of 100 and 1,000,000 seats, and how fast a new owner loads one.
  --rounds N    how often everything is measured (51)
  --write       also writes docs/performance.md`;

await runCommand({
  name: "performance",
  usage: USAGE,
  run: (args) => runPerformance(parsePerformanceOptions(args), { env: readEnvironment(), print }),
});
