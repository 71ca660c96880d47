/** `npm run chaos`: many runs of chaos one after the other, with a tally that the next start goes on with. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { startOwnServers } from "@seatline/infra/own-servers.ts";
import { startHomeOf, REPOSITORY_ROOT } from "@seatline/infra/paths.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";
import { parseWholeOption } from "@seatline/shared/testing/whole-option.ts";
import { findCommit, writeReport } from "@seatline/shared/testing/evidence.ts";

import { listImpossible } from "./begin-fault.ts";
import { buildChaosPlan } from "./chaos-plan.ts";
import { describeRun, describeFaults, reportChaos } from "./chaos-report.ts";
import { runChaos } from "./chaos-run.ts";
import type { ChaosResult } from "./chaos-run.ts";

type Print = (line: string) => void;
type Ground = { readonly env: Environment; readonly print: Print };
type Options = {
  readonly runs: number;
  readonly seed: number;
  readonly episodes: number;
  /** Where the report is written to; null where it is only printed. */
  readonly report: string | null;
};
/** A run that is over, and what it was a run of. */
type Tallied = { readonly commit: string; readonly episodes: number; readonly result: ChaosResult };

/** Of the tally and of the logs of each run. */
const HOME = join(startHomeOf(REPOSITORY_ROOT).folder, "chaos");
const RUNS_MAX = 10_000;
const SEED_MAX = 0x7fff_ffff;
const EPISODES_MAX = 100;

/** Runs what the arguments ask for; true if nothing was wrong in any of it. */
export async function runManyChaos(
  args: readonly string[],
  { env, print }: Ground,
): Promise<boolean> {
  const options = parseOptions(args);
  const { runs, seed, episodes, report } = options;
  const tally = openTally(join(HOME, "tally.jsonl"), episodes);
  const seeds = Array.from({ length: runs }, (_, index) => seed + index);
  const open = seeds.filter((one) => !tally.results.has(one));
  print(`${runs} runs of chaos from seed ${seed} on, ${runs - open.length} of them done before`);
  if (open.length > 0) {
    await playAll(open, { env, print, episodes }, (result, folder) => {
      tally.add(result);
      tell(result, folder, print);
    });
  }
  const results = seeds.flatMap((one) => tally.results.get(one) ?? []);
  const lines = reportChaos(results);
  for (const line of lines) print(line);
  if (report !== null) {
    const command = `npm run chaos -- --runs ${runs} --seed ${seed} --episodes ${episodes}`;
    writeReport(report, { title: "chaos", command, lines });
  }
  return results.every(({ wrong }) => wrong.length === 0);
}

/** One after the other, on the same servers. */
async function playAll(
  seeds: readonly number[],
  { env, print, episodes }: Ground & { readonly episodes: number },
  onResult: (result: ChaosResult, folder: string) => void,
): Promise<void> {
  const infra = await startOwnServers({ env, log: print });
  const without = listImpossible(infra);
  try {
    for (const seed of seeds) {
      const folder = join(HOME, String(seed));
      const plan = buildChaosPlan(seed, { episodes, without });
      onResult(await runChaos({ infra, seed, plan, folder }), folder);
    }
  } finally {
    await infra.close();
  }
}

function tell(result: ChaosResult, folder: string, print: Print): void {
  print(describeRun(result));
  for (const line of describeFaults(result)) print(line);
  if (result.wrong.length > 0) print(`  its logs are in ${folder}`);
}

function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: "string", default: "3" },
      seed: { type: "string", default: String(Date.now() % SEED_MAX) },
      episodes: { type: "string", default: "4" },
      report: { type: "string" },
    },
  });
  return {
    runs: parseWholeOption("--runs", values.runs, { max: RUNS_MAX }),
    seed: parseWholeOption("--seed", values.seed, { max: SEED_MAX }),
    episodes: parseWholeOption("--episodes", values.episodes, { max: EPISODES_MAX }),
    report: values.report ?? null,
  };
}

/** The runs that were made of this very code, and a place for more. */
function openTally(path: string, episodes: number) {
  const commit = findCommit();
  const results = new Map<number, ChaosResult>();
  mkdirSync(dirname(path), { recursive: true });
  // Only a commit says which code it was: what is not committed yet may be anything.
  const isKnown = /^[0-9a-f]+$/.test(commit);
  const lines = isKnown && existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  for (const line of lines.filter((text) => text !== "")) {
    const tallied = JSON.parse(line) as Tallied;
    if (tallied.commit !== commit || tallied.episodes !== episodes) continue;
    results.set(tallied.result.seed, tallied.result);
  }
  const add = (result: ChaosResult): void => {
    const tallied: Tallied = { commit, episodes, result };
    appendFileSync(path, `${JSON.stringify(tallied)}\n`);
    results.set(result.seed, result);
  };
  return { results, add };
}
