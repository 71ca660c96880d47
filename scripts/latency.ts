/** `npm run latency`. */
import { runLatency } from "@seatline/bench/latency.ts";
import { parseLatencyOptions } from "@seatline/bench/options.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";

const USAGE = `Usage: npm run latency -- [options]
Measures an idle system, one booking after another: to the 202, and to the outcome.
  --url URL      the gateway (default: the one that npm start has started)
  --samples N    how many bookings of each kind (500)`;

await runCommand({
  name: "latency",
  usage: USAGE,
  run: (args) => runLatency(parseLatencyOptions(args), { env: readEnvironment(), print }),
});
