/** `npm run mutants`: plants each fault in a scratch copy, one at a time, and shows who notices. */
import { spawn } from "node:child_process";
import { parseArgs } from "node:util";

import { startInfrastructure } from "@seatline/infra/infrastructure.ts";
import { unreachable } from "@seatline/shared/core/assert.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

import { readMutants } from "./read-mutants.ts";
import type { Catcher, Mutant } from "./read-mutants.ts";
import { openScratch } from "./scratch.ts";
import type { Scratch } from "./scratch.ts";

/** Whoever has not noticed by then has not noticed. */
const CATCH_MAX_MS = 60_000;
/** As many as are played within that time. */
const RUNS = 20_000;
const SEED = 1;
/** Without a fault, so many say enough. */
const SOUND_RUNS = 200;
const NAME_WIDTH = 34;

type Print = (line: string) => void;

/** What a catcher said: that something is wrong, that all is well, or nothing in time. */
type Said = { readonly verdict: "caught" | "passed" | "too-slow"; readonly seconds: number };

/** True if every fault was noticed by everybody who must. */
export async function runMutants(
  args: readonly string[],
  { env, print }: { readonly env: Environment; readonly print: Print },
): Promise<boolean> {
  const { values } = parseArgs({ args: [...args], options: { only: { type: "string" } } });
  const mutants = readMutants().filter(({ name }) => name.includes(values.only ?? ""));
  if (mutants.length === 0) throw new Error(`No planted fault is called like ${values.only}.`);
  const needsServers = mutants.some(({ catchers }) => catchers.some(isOnServers));
  const servers = needsServers ? await startServers(env, print) : null;
  const scratch = openScratch();
  try {
    const ground = { scratch, env: { ...env, ...servers?.env }, runs: RUNS };
    await checkSound(mutants, ground, print);
    let caught = 0;
    for (const mutant of mutants) {
      const isCaught = await plant(mutant, ground, print);
      caught += isCaught ? 1 : 0;
    }
    print(`${caught} of ${mutants.length} planted faults were caught.`);
    return caught === mutants.length;
  } finally {
    scratch.remove();
    await servers?.close();
  }
}

function isOnServers(catcher: Catcher): boolean {
  return catcher.kind === "test" && catcher.tier !== "pure";
}

async function startServers(env: Environment, print: Print) {
  const servers = await startInfrastructure({ purpose: "test", env, log: print });
  const { databaseUrl, kafkaBrokers } = servers;
  const addresses = { DATABASE_URL: databaseUrl, KAFKA_BROKERS: kafkaBrokers.join(",") };
  return { env: { INFRA: "external", ...addresses }, close: () => servers.close() };
}

/** Without a fault nobody may say that there is one: else nothing that they say counts. */
async function checkSound(mutants: readonly Mutant[], ground: Ground, print: Print): Promise<void> {
  const byName = new Map(
    mutants.flatMap(({ catchers }) => catchers.map((it): [string, Catcher] => [describe(it), it])),
  );
  for (const [name, catcher] of byName) {
    const { verdict, seconds } = await ask(catcher, { ...ground, runs: SOUND_RUNS });
    if (verdict !== "passed") throw new Error(`Without any fault, ${name} says: ${verdict}.`);
    print(`sound   ${name}, in ${seconds.toFixed(1)} s`);
  }
}

type Ground = {
  readonly scratch: Scratch;
  readonly env: Environment;
  /** Of the simulation. */
  readonly runs: number;
};

async function plant(mutant: Mutant, ground: Ground, print: Print): Promise<boolean> {
  const { name, area, fault, patch, catchers } = mutant;
  ground.scratch.plant(patch);
  try {
    let isCaught = true;
    const said: string[] = [];
    for (const catcher of catchers) {
      const { verdict, seconds } = await ask(catcher, ground);
      isCaught &&= verdict === "caught";
      said.push(`${describe(catcher)}: ${verdict} in ${seconds.toFixed(1)} s`);
    }
    print(`${isCaught ? "caught" : "MISSED"}  ${name.padEnd(NAME_WIDTH)} ${area}: ${fault}`);
    for (const line of said) print(`          ${line}`);
    return isCaught;
  } finally {
    ground.scratch.takeOut(patch);
  }
}

function describe(catcher: Catcher): string {
  return catcher.kind === "test" ? `${catcher.tier} ${catcher.file}` : catcher.kind;
}

function commandOf(catcher: Catcher, runs: number): readonly string[] {
  switch (catcher.kind) {
    case "simulation":
      return ["scripts/simulate.ts", "--first", "--runs", String(runs), "--seed", String(SEED)];
    case "interleaving":
      return ["scripts/interleave.ts", "--short"];
    case "test":
      return ["node_modules/vitest/vitest.mjs", "run", "--project", catcher.tier, catcher.file];
    default:
      return unreachable(catcher);
  }
}

function ask(catcher: Catcher, { scratch, env, runs }: Ground): Promise<Said> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, commandOf(catcher, runs), {
      cwd: scratch.folder,
      env: { ...env },
      stdio: "ignore",
    });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
    }, CATCH_MAX_MS);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      const verdict = signal === null ? (code === 0 ? "passed" : "caught") : "too-slow";
      resolve({ verdict, seconds: (performance.now() - startedAt) / 1_000 });
    });
  });
}
