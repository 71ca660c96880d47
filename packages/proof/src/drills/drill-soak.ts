/** Half of what the system can take, for a long time: no process needs more and more, and no table that should stay grows. */
import { encodeCount } from "@seatline/shared/testing/figures.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";

import { RealSystem } from "../real/real-system.ts";
import { Load, createShowsEverywhere } from "../real/load.ts";
import type { Finding } from "../finding.ts";
import { SOLD_TO_CROWDS, listProcesses, measureSustained, untilQuiet } from "./crowded.ts";
import { Crowd, describeTally } from "./crowd.ts";
import { expectSo } from "./drill-result.ts";
import type { DrillGround, DrillResult } from "./drill-result.ts";
import { riseOf, slopePerHour } from "./flatness.ts";
import type { Sample } from "./flatness.ts";
import { MemoryWatch } from "./memory-watch.ts";

/** Holds that end soon, so that as many end as begin. */
const SHOW = { ...SOLD_TO_CROWDS, holdSeconds: 20 };
const SHARE = 0.5;
const OPEN_MAX = 2_000;
/** Caches fill until their bounds; what is seen before that says nothing. */
const FILL_SHARE = 1 / 3;
const LOOK_MS = 5_000;
/** What counts as noise: of a process, and of a table. */
const RISE_MAX_SHARE = 0.1;
const RISE_MAX_MIB = 24;
const TABLES_THAT_STAY = ["partitions", "line", "redo"];
const TABLE_RISE_MAX_KIB = 256;
const MINUTE_MS = 60_000;
const SEED = 1;

export async function drillSoak(ground: DrillGround): Promise<DrillResult> {
  const { infra, folder } = ground;
  const name = `drill_soak_${process.pid}`;
  const system = await RealSystem.start({ infra, name, folder });
  try {
    return await soak(system, ground);
  } finally {
    await system.close();
  }
}

async function soak(system: RealSystem, { minutes, print }: DrillGround): Promise<DrillResult> {
  const random = buildRandom(SEED);
  const showIds = await createShowsEverywhere(system, random, SHOW);
  const crowd = new Crowd({ gateways: system.gateways, showIds, calls: null });
  const perSecond = SHARE * (await measureSustained(system, crowd)).perSecond;
  const load = await Load.open(system, random);
  load.start();
  const memory = new MemoryWatch(listProcesses(system), LOOK_MS);
  const tables = watchTables(system);
  const forMs = minutes * MINUTE_MS;
  const startedAt = performance.now();
  const progress = setInterval(() => {
    const passed = Math.round((performance.now() - startedAt) / MINUTE_MS);
    print(`  ${passed} of ${minutes} minutes`);
  }, MINUTE_MS);
  const tally = await crowd.storm({ perSecond, forMs, openMax: OPEN_MAX });
  clearInterval(progress);
  await Promise.all([memory.stop(), tables.stop(), load.stop(), crowd.close()]);
  await untilQuiet(system);
  const from = startedAt + FILL_SHARE * forMs;
  const series = [...listMemory(memory), ...listTables(tables.samples)].map((one) => ({
    ...one,
    samples: one.samples.filter(({ atMs }) => atMs >= from),
  }));
  return {
    figures: [
      ["half load, per second", encodeCount(perSecond)],
      [`answers in ${minutes} minutes`, describeTally(tally)],
      ["calls of customers beside it", encodeCount(load.calls.length)],
      ...series.map(describeSeries),
    ],
    wrong: [...series.flatMap(findRise), ...findComplaints(system)],
  };
}

/** Something that should stay as it is. */
type Series = {
  readonly what: string;
  readonly unit: "MiB" | "KiB";
  readonly riseMax: number;
  readonly samples: readonly Sample[];
};

function listMemory({ samples: all }: MemoryWatch): Series[] {
  return [...all].map(([name, seen]) => {
    const samples = seen.map(({ atMs, mib }) => ({ atMs, value: mib }));
    const riseMax = Math.max(RISE_MAX_MIB, RISE_MAX_SHARE * (samples.at(-1)?.value ?? 0));
    return { what: `memory of ${name}`, unit: "MiB", riseMax, samples };
  });
}

function listTables(all: ReadonlyMap<string, readonly Sample[]>): Series[] {
  return [...all].map(([table, samples]) => ({
    what: `table ${table}`,
    unit: "KiB",
    riseMax: TABLE_RISE_MAX_KIB,
    samples,
  }));
}

function describeSeries({ what, unit, samples }: Series): [string, string] {
  const last = samples.at(-1)?.value ?? 0;
  return [what, `${last.toFixed(0)} ${unit}, ${slopePerHour(samples).toFixed(1)} ${unit} per hour`];
}

function findRise({ what, unit, riseMax, samples }: Series): Finding[] {
  const rise = riseOf(samples);
  return expectSo(`${what} is flat`, rise <= riseMax, `it rose by ${rise.toFixed(1)} ${unit}`);
}

/** The sizes of tables with their indexes, looked at again and again. */
function watchTables({ sql }: RealSystem) {
  const samples = new Map<string, Sample[]>(TABLES_THAT_STAY.map((table) => [table, []]));
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const rows = await sql<{ table: string; kib: number }[]>`
      select relname as "table", (pg_total_relation_size(oid) / 1024)::int as kib
        from pg_class where relname in ${sql(TABLES_THAT_STAY)} and relkind = 'r'`;
    for (const { table, kib } of rows) {
      samples.get(table)?.push({ atMs: performance.now(), value: kib });
    }
  };
  const timer = setInterval(() => {
    looking = look();
  }, LOOK_MS);
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await looking;
  };
  return { samples, stop };
}

function findComplaints({ complaints, members }: RealSystem): Finding[] {
  const grave = complaints.filter(({ level }) => level !== "warn").map(({ words }) => words);
  const ends = members.flatMap((member) => member.ends);
  const detail = [...grave, ...ends].slice(0, 5).join("; ");
  return expectSo("nothing goes wrong", grave.length + ends.length === 0, detail);
}
