/** `npm run interleave`. */
import { runInterleave } from "@seatline/proof/interleave/interleave.ts";

import { runCommand, withReport } from "./command.ts";

const USAGE = `Usage: npm run interleave -- [options]
Plays out every order in which two workers can decide three bookings for two shows, with a crash, a lost
answer and a second owner at any moment, and checks each end. Needs neither Postgres nor Kafka.
  --short   without those that go wrong in two ways at once: seconds, not minutes
  --report FILE   writes what was found as Markdown, too`;

await runCommand({
  name: "interleave",
  usage: USAGE,
  run: withReport({
    name: "interleave",
    title: "every order of a small world",
    run: runInterleave,
  }),
});
