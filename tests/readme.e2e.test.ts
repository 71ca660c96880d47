/**
 * Runs the README's walk-through as it stands, command by command in one shell, against a real stack,
 * and compares every answer that it shows. Planted faults: a field that is gone, a wrong count.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { useStack } from "./stack.ts";

const run = promisify(execFile);
const README = new URL("../README.md", import.meta.url);
const DEFAULT_URL = "http://127.0.0.1:3000";
const RUN_TIMEOUT_MS = 60_000;
/** Between the answers of the blocks; nothing that a command prints. */
const MARK = "--- end of block ---";

type Block = { readonly commands: string; readonly answer: string | null };

const stack = useStack({ gateways: 1, workers: 1 });

test("every command of the walk-through gives the answer that the README shows", async () => {
  const { url } = stack().gateway();
  // In the README it is the second show, after the demo show.
  await stack().client.createShow({ capacity: 30 });
  const blocks = await readWalk();
  expect(blocks.length).toBeGreaterThanOrEqual(9);
  const script = blocks.map(({ commands }) => `${commands}\nprintf '\\n${MARK}\\n'`).join("\n");
  const folder = await mkdtemp(join(tmpdir(), "seatline-readme-"));
  try {
    const { stdout } = await run("bash", ["-eu", "-c", script.replace(DEFAULT_URL, url)], {
      cwd: folder,
      timeout: RUN_TIMEOUT_MS,
    });
    const outputs = stdout.split(MARK).map((output) => output.trim());
    for (const [index, { commands, answer }] of blocks.entries()) {
      if (answer === null) continue;
      const got: unknown = JSON.parse(outputs[index] ?? "");
      expect(got, commands).toEqual(buildExpectation(JSON.parse(answer), got));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** The blocks between the two marks, each with the answer that follows it. */
async function readWalk(): Promise<Block[]> {
  const text = await readFile(README, "utf8");
  const [, walk = ""] = /<!-- walk -->(.*)<!-- end of walk -->/s.exec(text) ?? [];
  return [...walk.matchAll(/```bash\n(.*?)```(?:\s*```json\n(.*?)```)?/gs)].map(
    ([, commands = "", answer]) => ({ commands, answer: answer ?? null }),
  );
}

/** What the README leaves out with an ellipsis may be any text; everything else must be as it says. */
function buildExpectation(shown: unknown, got: unknown): unknown {
  if (shown === "…" && typeof got === "string" && got !== "") return got;
  if (!isObject(shown) || !isObject(got)) return shown;
  return Object.fromEntries(
    Object.entries(shown).map(([key, value]) => [key, buildExpectation(value, got[key])]),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
