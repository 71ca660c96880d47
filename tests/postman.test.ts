import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { COLLECTION_PATH, buildCollection } from "../scripts/postman-collection.ts";

// Planted fault: a route without its line in the collection.
test("the Postman collection is what `npm run postman` writes for the routes of today", async () => {
  expect(readFileSync(COLLECTION_PATH, "utf8")).toBe(await buildCollection());
});
