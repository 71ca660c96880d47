/** What chaos runs have found, as Markdown. Pure. */
import { encodeCount, encodeMs, percentile } from "@seatline/shared/testing/figures.ts";

import { describeWrong } from "../finding.ts";
import type { FaultKind } from "./chaos-plan.ts";
import type { ChaosResult } from "./chaos-run.ts";

const COMPLAINTS_SHOWN = 60;

/** The figures of all runs together. */
export function reportChaos(results: readonly ChaosResult[]): string[] {
  const bad = results.filter(({ wrong }) => wrong.length > 0);
  const episodes = results.flatMap((result) => result.episodes);
  const recoveries = episodes.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  const stalls = results.map(({ longestStallMs }) => longestStallMs);
  const total = (of: (result: ChaosResult) => number): string =>
    encodeCount(results.reduce((sum, result) => sum + of(result), 0));
  return [
    `${results.length} runs, seeds ${listSeeds(results)}: ${results.length - bad.length} without a finding, ${bad.length} with one.`,
    "",
    `- ${total(({ calls }) => calls)} calls of clients, ${total(({ decided }) => decided)} requests decided`,
    `- ${episodes.length} episodes with ${episodes.flatMap(({ faults }) => faults).length} faults`,
    `- decided again after the last fault of an episode: median ${encodeMs(percentile(recoveries, 0.5))}, longest ${encodeMs(percentile(recoveries, 1))}`,
    `- longest time without a decision, faults included: ${encodeMs(percentile(stalls, 1))}`,
    `- services that ended by themselves and were started again: ${total(({ ends }) => ends.length)}`,
    "",
    ...tableOfFaults(results),
    ...listEnds(results),
    ...tableOfComplaints(results),
    ...bad.flatMap(describeFaults),
  ];
}

/** A line for a run that is over. */
export function describeRun({ seed, calls, decided, episodes, ...result }: ChaosResult): string {
  const faults = episodes.flatMap((episode) => episode.faults).length;
  const recoveries = episodes.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  const verdict = result.wrong.length === 0 ? "all is well" : "WRONG";
  return `seed ${seed}: ${calls} calls, ${decided} decided, ${faults} faults, worst stall ${encodeMs(result.longestStallMs)}, worst recovery ${encodeMs(percentile(recoveries, 1))}: ${verdict}`;
}

export function describeFaults({ seed, wrong }: ChaosResult): string[] {
  return describeWrong(wrong, ` (seed ${seed})`);
}

function listSeeds(results: readonly ChaosResult[]): string {
  const seeds = results.map(({ seed }) => seed).sort((a, b) => a - b);
  const [first = 0] = seeds;
  const last = seeds.at(-1) ?? first;
  return last - first === seeds.length - 1 ? `${first} to ${last}` : seeds.join(", ");
}

function tableOfFaults(results: readonly ChaosResult[]): string[] {
  const byKind = new Map<FaultKind, number[]>();
  for (const { faults, recoveryMs } of results.flatMap((result) => result.episodes)) {
    for (const { kind } of faults) {
      byKind.set(kind, [...(byKind.get(kind) ?? []), recoveryMs ?? Infinity]);
    }
  }
  const rows = [...byKind].sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    "| fault | times | decided again, median | longest |",
    "| --- | ---: | ---: | ---: |",
    ...rows.map(
      ([kind, all]) =>
        `| ${kind} | ${all.length} | ${encodeMs(percentile(all, 0.5))} | ${encodeMs(percentile(all, 1))} |`,
    ),
    "",
  ];
}

function listEnds(results: readonly ChaosResult[]): string[] {
  const ends = results.flatMap(({ seed, ends: all }) => all.map((end) => `- seed ${seed}, ${end}`));
  return ends.length === 0 ? [] : ["Ended by themselves:", "", ...ends, ""];
}

function tableOfComplaints(results: readonly ChaosResult[]): string[] {
  const counts = new Map<string, number>();
  for (const [words, times] of results.flatMap(({ complaints }) => complaints)) {
    counts.set(words, (counts.get(words) ?? 0) + times);
  }
  const rows = [...counts].sort(([, one], [, other]) => other - one).slice(0, COMPLAINTS_SHOWN);
  return [
    "| what logs said that is worse than `info` | times |",
    "| --- | ---: |",
    ...rows.map(([words, times]) => `| ${words.replaceAll("|", "\\|")} | ${times} |`),
    "",
  ];
}
