/** `npm run drill`: one thing that must go well, done to the real system, with figures. */
import { join } from "node:path";
import { parseArgs } from "node:util";

import { startOwnServers } from "@seatline/infra/own-servers.ts";
import { REPOSITORY_ROOT, startHomeOf } from "@seatline/infra/paths.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";
import { writeReport } from "@seatline/shared/testing/evidence.ts";

import { describeWrong } from "../finding.ts";
import { drillBroker } from "./drill-broker.ts";
import { drillFrozen } from "./drill-frozen.ts";
import { drillOverload } from "./drill-overload.ts";
import type { DrillGround, DrillResult } from "./drill-result.ts";
import { drillSoak } from "./drill-soak.ts";
import { drillTakeover } from "./drill-takeover.ts";

type Drill = {
  readonly about: string;
  readonly run: (ground: DrillGround) => Promise<DrillResult>;
};
type Print = (line: string) => void;

export const DRILLS: Readonly<Record<string, Drill>> = {
  takeover: {
    about: "a worker killed with 100,000 requests in the line, and a second one standing by",
    run: drillTakeover,
  },
  broker: { about: "the broker killed and started again 20 times under load", run: drillBroker },
  soak: { about: "half of what the system can take, for a long time", run: drillSoak },
  overload: {
    about: "ten times what the system can take, bad clients, and servers that go away",
    run: drillOverload,
  },
  frozen: { about: "a worker stopped for a minute while another takes over", run: drillFrozen },
};

/** Runs the drill that the arguments name; true if all went well. */
export async function runDrill(
  args: readonly string[],
  { env, print }: { readonly env: Environment; readonly print: Print },
): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { report: { type: "string" }, minutes: { type: "string", default: "30" } },
  });
  const [name = ""] = positionals;
  const drill = DRILLS[name];
  if (drill === undefined || positionals.length > 1) {
    throw new Error(`Name one drill of ${Object.keys(DRILLS).join(", ")}.`);
  }
  print(drill.about);
  const folder = join(startHomeOf(REPOSITORY_ROOT).folder, "drills", name);
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, not ${values.minutes}.`);
  const result = await runOn(drill, { env, print, folder, minutes });
  const lines = describeResult(result);
  for (const line of lines) print(line);
  if (result.wrong.length > 0) print(`Its logs are in ${folder}`);
  if (values.report !== undefined) {
    const command = `npm run drill -- ${name}${name === "soak" ? ` --minutes ${minutes}` : ""}`;
    writeReport(values.report, { title: drill.about, command, lines });
  }
  return result.wrong.length === 0;
}

async function runOn(
  drill: Drill,
  { env, ...ground }: Omit<DrillGround, "infra"> & { readonly env: Environment },
): Promise<DrillResult> {
  const infra = await startOwnServers({ env, log: ground.print });
  try {
    return await drill.run({ infra, ...ground });
  } finally {
    await infra.close();
  }
}

function describeResult({ figures, wrong }: DrillResult): string[] {
  return [
    "| what | figure |",
    "| --- | --- |",
    ...figures.map(([what, figure]) => `| ${what} | ${figure} |`),
    "",
    ...(wrong.length === 0 ? ["All promises were kept."] : []),
    ...describeWrong(wrong),
  ];
}
