/** `npm run stress`. */
import { parseStressOptions } from "@seatline/bench/options.ts";
import { runStress } from "@seatline/bench/stress.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";

const USAGE = `Usage: npm run stress -- [options]
Sends simultaneous bookings for one show to the running system, and checks what became of them.
  --url URL              the gateway (default: the one that npm start has started)
  --bookings N           how many (5000)
  --seats N              for so many seats (100)
  --connections N        over so many connections (200)
  --kill worker|broker   kills that process of npm start in the middle
  --kill-command TEXT    runs this instead, for any other stack
  --kill-at N            behind so many acks (1000)`;

await runCommand({
  name: "stress",
  usage: USAGE,
  run: (args) => runStress(parseStressOptions(args), { env: readEnvironment(), print }),
});
