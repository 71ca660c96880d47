/** `npm run drill`. */
import { DRILLS, runDrill } from "@seatline/proof/drills/drill.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";

const LIST = Object.entries(DRILLS).map(([name, { about }]) => `  ${name.padEnd(14)} ${about}`);
const USAGE = `Usage: npm run drill -- NAME [options]
Does one thing to the real services on a Postgres and a Kafka of their own, measures what comes of it, and checks
all that was heard, published and stored.
${LIST.join("\n")}
  --minutes N    how long the soak lasts (30)
  --report FILE  writes the figures as Markdown, too`;

await runCommand({
  name: "drill",
  usage: USAGE,
  run: (args) => runDrill(args, { env: readEnvironment(), print }),
});
