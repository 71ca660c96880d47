/** `npm run postman`: writes docs/postman_collection.json from the gateway's own description. */
import { writeFileSync } from "node:fs";

import { COLLECTION_PATH, buildCollection } from "./postman-collection.ts";

writeFileSync(COLLECTION_PATH, await buildCollection());
process.stdout.write("postman: wrote docs/postman_collection.json\n");
