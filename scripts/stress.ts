/** `npm run stress`; what it takes is in packages/bench/src/options.ts. */
import { parseStressOptions } from "@seatline/bench/options.ts";
import { runStress } from "@seatline/bench/stress.ts";

import { readEnvironment } from "./environment.ts";

try {
  const options = parseStressOptions(process.argv.slice(2));
  const isKept = await runStress(options, {
    env: readEnvironment(),
    print: (line) => process.stdout.write(`${line}\n`),
  });
  process.exitCode = isKept ? 0 : 1;
} catch (error) {
  process.stderr.write(`stress: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
