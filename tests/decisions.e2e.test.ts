/**
 * A sale that went through the real line is exported and decided again from the file alone, by the very
 * command of the README. Planted faults: a file with one flipped byte, a log whose first record is gone.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, test } from "vitest";

import { expectStatus, problemOf } from "./client.ts";
import type { BookingView } from "./client.ts";
import { useStack } from "./stack.ts";

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, "../scripts/replay.ts");
const FAIRNESS = join(import.meta.dirname, "../docs/fairness.md");
const stack = useStack({ gateways: 1, workers: 1 });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "seatline-replay-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function replay(...args: readonly string[]): Promise<{ code: number; text: string }> {
  try {
    const { stdout } = await run(process.execPath, [SCRIPT, ...args]);
    return { code: 0, text: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

/** Two shows in one gateway, of which one is sold out with lapses, confirms and people who wait. */
async function sell(): Promise<string> {
  const { client } = stack();
  const { id: showId } = await client.createShow({
    capacity: undefined,
    holdSeconds: 1,
    currency: "EUR",
    sections: [
      { name: "Stalls", rows: "A-C", seatsPerRow: 10, aislesAfter: [4], price: 5000 },
      { name: "Floor", standing: 20, price: 3000 },
    ],
  });
  const { id: elsewhere } = await client.createShow();
  const asks = Array.from({ length: 60 }, (_, index) => [
    client.askAndWait({
      showId,
      customer: `c-${index % 7}`,
      wants: [
        { together: [(index % 3) + 1], sections: ["Stalls"] },
        { count: 2, priceMax: 4000 },
      ],
      ...(index % 2 === 0 ? { ifUnavailable: "wait" } : {}),
    }),
    client.askAndWait({ showId: elsewhere, count: 1 }),
  ]).flat();
  const got = (await Promise.all(asks))
    .filter(({ status }) => status === 201)
    .map(({ json }) => json as BookingView)
    .filter((booking) => booking.showId === showId);
  await Promise.all(got.slice(0, 10).map(({ id }) => client.confirm(id)));
  await client.cancel(got[11]?.id ?? "");
  await client.change(showId, { block: "30", name: "Another name" });
  const sweep = async () => {
    await client.expiryRun();
    return (await client.show(showId)).held;
  };
  await expect.poll(sweep, { timeout: 30_000, interval: 500 }).toBe(0);
  return showId;
}

test("a sale is exported, and decided again from the file alone to the hash of the show", async () => {
  const { client } = stack();
  const showId = await sell();
  const answer = await client.call(`/v1/shows/${showId}/decisions`);
  expect(answer.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
  const { hash } = await client.show(showId);
  const file = join(folder, "sale.ndjson");
  await writeFile(file, answer.text);
  // The few lines by which docs/fairness.md checks the chain alone.
  const [, chain = ""] = /node -e '\n(.*?)'\n/s.exec(await readFile(FAIRNESS, "utf8")) ?? [];
  expect((await run(process.execPath, ["-e", chain], { cwd: folder })).stdout.trim()).toBe(hash);
  for (const source of [[file], [file], [showId, "--url", client.url]]) {
    const { code, text } = await replay(...source);
    expect({ code, text }).toMatchObject({ code: 0, text: expect.stringContaining(hash) });
    expect(text).toMatch(/^Identical: \d+ decisions/);
  }

  const bytes = Buffer.from(answer.text);
  const byte = Math.floor(bytes.length / 2);
  bytes[byte] = (bytes[byte] ?? 0) ^ 1;
  await writeFile(file, bytes);
  const line = answer.text.slice(0, byte).split("\n").length;
  const { code, text } = await replay(file);
  expect({ code, text }).toMatchObject({
    code: 1,
    text: expect.stringContaining(`Line ${line}: `),
  });
});

test("what is no log is said to be none, and what to give instead", async () => {
  const empty = join(folder, "empty.ndjson");
  await writeFile(empty, "");
  expect(await replay(empty)).toEqual({ code: 1, text: "The log is empty.\n" });
  const cases: [string[], string][] = [
    [[], "Usage: npm run replay"],
    [["nowhere.ndjson"], "There is no file nowhere.ndjson"],
    [["999", "--url", stack().client.url], "show-not-found"],
    [["1", "--url", "http://127.0.0.1:1"], "replay: "],
  ];
  for (const [args, words] of cases) {
    const { code, text } = await replay(...args);
    expect({ args, code, text }).toMatchObject({ code: 1, text: expect.stringContaining(words) });
  }
});

test("a log of which the beginning is gone says so, and unknown shows have none", async () => {
  const { client, database } = stack();
  const { id } = await client.createShow();
  await client.book({ showId: id, count: 1 });
  await database.sql`delete from records`;
  const gone = problemOf(await client.call(`/v1/shows/${id}/decisions`));
  expect(gone).toMatchObject({ status: 410, reason: "log-incomplete" });
  expect(problemOf(await client.call("/v1/shows/999/decisions")).reason).toBe("show-not-found");
  expectStatus(200, await client.call(`/v1/shows/${id}`));
});
