/** `npm run performance`; what it takes is in packages/bench/src/options.ts. */
import { parsePerformanceOptions } from "@seatline/bench/options.ts";
import { runPerformance } from "@seatline/bench/performance.ts";

import { readEnvironment } from "./environment.ts";

try {
  const options = parsePerformanceOptions(process.argv.slice(2));
  const isMet = await runPerformance(options, {
    env: readEnvironment(),
    print: (line) => process.stdout.write(`${line}\n`),
  });
  process.exitCode = isMet ? 0 : 1;
} catch (error) {
  process.stderr.write(`performance: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
