/** `npm run mutants`. */
import { runMutants } from "@seatline/proof/mutants/run-mutants.ts";

import { runCommand, withReport } from "./command.ts";
import { readEnvironment } from "./environment.ts";

const USAGE = `Usage: npm run mutants -- [options]
Plants each of the faults that are kept in packages/proof/mutants in a scratch copy, one at a time, and
shows who notices: the simulation, or a test. Fails if one is not noticed within a minute.
  --only TEXT   only those whose names have this in them
  --report FILE writes what was found as Markdown, too`;

await runCommand({
  name: "mutants",
  usage: USAGE,
  run: withReport({
    name: "mutants",
    title: "planted faults",
    run: (args, print) => runMutants(args, { env: readEnvironment(), print }),
  }),
});
