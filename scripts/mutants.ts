/** `npm run mutants`. */
import { runMutants } from "@seatline/proof/mutants/run-mutants.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";

const USAGE = `Usage: npm run mutants -- [options]
Plants each of the faults that are kept in packages/proof/mutants in a scratch copy, one at a time, and
shows who notices: the simulation, or a test. Fails if one is not noticed within a minute.
  --only TEXT   only those whose names have this in them`;

await runCommand({
  name: "mutants",
  usage: USAGE,
  run: (args) => runMutants(args, { env: readEnvironment(), print }),
});
