/** `npm run latency`; what it takes is in packages/bench/src/options.ts. */
import { parseLatencyOptions } from "@seatline/bench/options.ts";
import { runLatency } from "@seatline/bench/latency.ts";

import { readEnvironment } from "./environment.ts";

try {
  const options = parseLatencyOptions(process.argv.slice(2));
  const isMet = await runLatency(options, {
    env: readEnvironment(),
    print: (line) => process.stdout.write(`${line}\n`),
  });
  process.exitCode = isMet ? 0 : 1;
} catch (error) {
  process.stderr.write(`latency: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
