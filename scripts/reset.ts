/** `npm run reset`: forgets all that `npm start` has kept for this checkout. */
import { parseArgs } from "node:util";

import { REPOSITORY_ROOT } from "@seatline/infra/paths.ts";
import { resetCheckout } from "@seatline/infra/reset.ts";

import { print, runCommand } from "./command.ts";

await runCommand({
  name: "reset",
  usage: "Usage: npm run reset\nWipes all data that npm start has kept for this checkout.",
  run: async (args) => {
    parseArgs({ args });
    await resetCheckout({ root: REPOSITORY_ROOT, env: process.env, log: print });
    return true;
  },
});
