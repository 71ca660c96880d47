/** Turns the OpenAPI description into a Postman collection, the same text for the same routes. */
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { buildApp } from "@seatline/api-gateway/app.ts";
import { parseGatewayConfig } from "@seatline/api-gateway/config.ts";
import { connectGateway } from "@seatline/api-gateway/connect.ts";
import { EXAMPLE_SHOW_ID } from "@seatline/shared/contract/http-bookings.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

export const COLLECTION_PATH = fileURLToPath(
  new URL("../docs/postman_collection.json", import.meta.url),
);

/** A collection stands alone, so it needs a whole address; `npm start` listens here. */
const DEFAULT_URL = "http://127.0.0.1:3000";

/** What the calls refer to, and whoever imports the collection fills in. */
const VARIABLES = [
  { key: "showId", value: "", description: "The id of a show of yours" },
  { key: "bearerToken", value: "", description: "The admin token, if the routes want one" },
];

type Conversion =
  | { result: true; output: readonly { data: unknown }[] }
  | { result: false; reason: string };
type Converter = {
  convertV2: (
    input: { type: "json"; data: unknown },
    options: Readonly<Record<string, unknown>>,
    done: (error: Error | null, conversion: Conversion) => void,
  ) => void;
};

/** The description of a gateway as it is by default; no connection is opened for it. */
async function buildDescription(): Promise<Readonly<Record<string, unknown>>> {
  const config = parseGatewayConfig({
    DATABASE_URL: "postgres://nobody@127.0.0.1/none",
    KAFKA_BROKERS: "127.0.0.1:1",
    ADMIN_ACCESS: "open",
  });
  const log = buildLog("description", "silent");
  const app = await buildApp(connectGateway(config, { log, giveUp: () => {} }));
  await app.ready();
  const description = JSON.parse(JSON.stringify(app.swagger())) as Record<string, unknown>;
  await app.close();
  return description;
}

/** The collection as the text of its file. */
export async function buildCollection(): Promise<string> {
  // The package has no types and is CommonJS.
  const converter = createRequire(import.meta.url)("openapi-to-postmanv2") as Converter;
  const data = { ...(await buildDescription()), servers: [{ url: DEFAULT_URL }] };
  const options = {
    folderStrategy: "Tags",
    parametersResolution: "Example",
    // Else every call would send a key called "string".
    enableOptionalParameters: false,
  };
  const conversion = await new Promise<Conversion>((resolve, reject) => {
    converter.convertV2({ type: "json", data }, options, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
  if (!conversion.result) throw new Error(`no collection: ${conversion.reason}`);
  const collection = withoutInventions(conversion.output[0]?.data) as { variable?: unknown[] };
  const variable = [...(collection.variable ?? []), ...VARIABLES];
  const text = JSON.stringify({ ...collection, variable }, null, 2);
  return `${text.replaceAll(EXAMPLE_SHOW_ID, "{{showId}}")}\n`;
}

/**
 * The converter draws random ids and invents answers and examples, of no use to anybody and other ones
 * each time.
 */
function withoutInventions(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInventions);
  if (typeof value !== "object" || value === null) return value;
  // What need not be sent has an example value that nobody gave.
  const isOptional = "disabled" in value && value.disabled === true && "value" in value;
  return Object.fromEntries(
    Object.entries(isOptional ? { ...value, value: "" } : value)
      .filter(([key, member]) => key !== "response" && !isRandomId(key, member))
      .map(([key, member]) => [key, withoutInventions(member)]),
  );
}

function isRandomId(key: string, value: unknown): boolean {
  return (
    (key === "id" || key === "_postman_id") && typeof value === "string" && value.length === 36
  );
}
