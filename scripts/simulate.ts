/** `npm run simulate`. */
import { runSimulate } from "@seatline/proof/simulation/simulate-many.ts";

import { runCommand, withReport } from "./command.ts";

const USAGE = `Usage: npm run simulate -- [options]
Plays the whole system in a simulated world, again and again, with something going wrong in every run,
and checks each history. Needs neither Postgres nor Kafka.
  --runs N      how many (2000)
  --seed S      the first one's seed; the others follow (another one each time)
  --threads N   at once (as many as there are cores)
  --first       ends with the first that goes wrong, and does not make it small
  --only SEED   plays one run and tells it step by step
  --plan FILE   the same for a run that was made small before
  --report FILE writes what was found as Markdown, too`;

await runCommand({
  name: "simulate",
  usage: USAGE,
  run: withReport({ name: "simulate", title: "simulated runs", run: runSimulate }),
});
