/** `npm run postman`. */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";

import { runCommand, print } from "./command.ts";
import { COLLECTION_PATH, buildCollection } from "./postman-collection.ts";

await runCommand({
  name: "postman",
  usage:
    "Usage: npm run postman\nWrites docs/postman_collection.json from the gateway's own description.",
  run: async (args) => {
    parseArgs({ args });
    writeFileSync(COLLECTION_PATH, await buildCollection());
    print("postman: wrote docs/postman_collection.json");
    return true;
  },
});
