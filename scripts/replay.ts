/** `npm run replay -- <file, or show>`: decides a sale again from its decision log, and compares. */
import { createReadStream, existsSync } from "node:fs";
import { Readable } from "node:stream";
import { parseArgs } from "node:util";

import { findTarget } from "@seatline/bench/target.ts";

import { print, runCommand } from "./command.ts";
import { readEnvironment } from "./environment.ts";
import { replayLines } from "./replay-lines.ts";

const USAGE =
  "Usage: npm run replay -- <file.ndjson> | <show id or number> [--url http://127.0.0.1:3000]\n" +
  "A file is what GET /v1/shows/:id/decisions answered. For a show it is fetched; ADMIN_TOKEN in the environment is sent along.";

/** The log as it stands in a file, or as the gateway tells it. */
async function openLog(source: string, url: string | undefined): Promise<Readable> {
  if (existsSync(source)) return createReadStream(source);
  if (!/^[1-9]\d{0,9}$|^[0-9a-f-]{36}$/i.test(source)) {
    throw new Error(`There is no file ${source}, and no show has such an id or number.\n${USAGE}`);
  }
  const target = findTarget(url, readEnvironment());
  const headers: Record<string, string> =
    target.adminToken === null ? {} : { authorization: `Bearer ${target.adminToken}` };
  const answer = await fetch(`${target.url}/v1/shows/${source}/decisions`, { headers });
  if (answer.status === 401 || answer.status === 403) {
    throw new Error(`${target.url} wants an admin token: set ADMIN_TOKEN.`);
  }
  if (!answer.ok || answer.body === null) {
    throw new Error(`${target.url} answers ${answer.status}: ${await answer.text()}`);
  }
  return Readable.fromWeb(answer.body);
}

await runCommand({
  name: "replay",
  usage: USAGE,
  run: async (args) => {
    const { positionals, values } = parseArgs({
      args,
      options: { url: { type: "string" } },
      allowPositionals: true,
    });
    const [source] = positionals;
    if (source === undefined || positionals.length > 1) throw new Error(USAGE);
    const { difference, summary } = await replayLines(await openLog(source, values.url));
    print(difference ?? summary);
    return difference === null;
  },
});
