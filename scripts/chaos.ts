/** `npm run chaos`. */
import { runManyChaos } from "@seatline/proof/chaos/chaos.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";

const USAGE = `Usage: npm run chaos -- [options]
Runs the real services under load on a Postgres and a Kafka of their own, kills, freezes and cuts off whatever there
is, and checks at the end that all that clients heard, topics hold and tables say is one story.
  --runs N       how many (3), each about three quarters of a minute
  --seed S       the first one's seed; the others follow (another one each time)
  --episodes N   how often in a run something goes wrong, one to three things at once (4)
  --report FILE  writes what was found as Markdown, too
What is done is kept: the same command, with its --seed, goes on where it ended, as long as the commit is the same.`;

await runCommand({
  name: "chaos",
  usage: USAGE,
  run: (args) => runManyChaos(args, { env: readEnvironment(), print }),
});
