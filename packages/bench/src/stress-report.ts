/** The result of a stress run as text. Pure. */
import type { Finding } from "@seatline/proof/finding.ts";

import {
  countWords,
  encodeCount,
  encodeMs,
  longestGap,
  percentile,
} from "@seatline/shared/testing/figures.ts";
import type { Asker, Rush } from "./rush.ts";
import { isLive } from "./sale-checks.ts";

export type KillReport = {
  readonly name: string;
  /** By `performance.now()`: nothing sent after this can have met the one that was killed. */
  readonly deadAt: number | null;
  /** Why it could not be killed. */
  readonly fault: string | null;
};

const DETAILS_MAX = 5;
const SETBACKS_MAX = 4;
const LABEL_WIDTH = 22;
const VERDICTS = { ok: "ok", violated: "VIOLATED", "not-checked": "NOT CHECKED" } as const;

export function buildTable(rush: Rush, kill: KillReport | null): string[] {
  const { askers, startedAt } = rush;
  const acked = askers.filter(({ acked }) => acked !== null);
  const ackedAt = acked.flatMap(({ acked }) => (acked === null ? [] : [acked.at]));
  const decidedAt = askers.flatMap(({ outcome }) => (outcome === null ? [] : [outcome.at]));
  const toAck = acked.flatMap((one) =>
    one.acked === null ? [] : [one.acked.at - one.firstSentAt],
  );
  const toOutcome = askers.flatMap(({ outcome, firstSentAt }) =>
    outcome === null ? [] : [outcome.at - firstSentAt],
  );
  const setbacks = askers.flatMap(({ setbacks }) => setbacks);
  const rows: [label: string, value: string][] = [
    ["accepted", `${encodeCount(acked.length)} of ${encodeCount(askers.length)}`],
    ["outcomes", describeOutcomes(askers)],
    ["retries", describeSetbacks(setbacks)],
    ["to the ack", `${describeRate(ackedAt, startedAt)}, ${describeSpread(toAck)}`],
    ["to the outcome", `${describeRate(decidedAt, startedAt)}, ${describeSpread(toOutcome)}`],
    [
      "longest stall",
      `${encodeMs(longestGap([startedAt, ...ackedAt]))} without an ack, ${encodeMs(longestGap([startedAt, ...decidedAt]))} without an outcome`,
    ],
    ...(kill === null ? [] : describeKill(rush, kill)),
  ];
  return rows.map(([label, value]) => `  ${label.padEnd(LABEL_WIDTH)}${value}`);
}

export function describeFindings(findings: readonly Finding[]): string[] {
  return findings.flatMap(({ name, verdict, details }) => {
    const rest = details.length - DETAILS_MAX;
    return [
      `  ${VERDICTS[verdict].padEnd(LABEL_WIDTH - 10)}${name}`,
      ...details.slice(0, DETAILS_MAX).map((detail) => `      ${detail}`),
      ...(rest > 0 ? [`      … and ${encodeCount(rest)} more`] : []),
    ];
  });
}

/** A kill is part of the run: one that failed, or after which nothing came back, is a failure. */
export function checkKill(rush: Rush, kill: KillReport): Finding {
  const name = `${kill.name} was killed and service came back`;
  if (kill.deadAt === null) {
    return { name, verdict: "violated", details: [kill.fault ?? "it was never killed"] };
  }
  const { ackMs, outcomeMs } = findRecovery(rush, kill.deadAt);
  const isBack = ackMs !== null && outcomeMs !== null;
  const details = isBack ? [] : ["nothing that was sent after the kill was accepted and decided"];
  return { name, verdict: isBack ? "ok" : "violated", details };
}

/**
 * How long after the kill the first request was accepted, and the first decided, that was sent after
 * it. What was under way before could have been answered by the one that was killed.
 */
export function findRecovery({ askers }: Rush, deadAt: number) {
  const acks = askers.flatMap(({ acked, lastSentAt }) =>
    acked !== null && lastSentAt > deadAt ? [acked.at - deadAt] : [],
  );
  const outcomes = askers.flatMap(({ outcome, firstSentAt }) =>
    outcome !== null && firstSentAt > deadAt ? [outcome.at - deadAt] : [],
  );
  return { ackMs: percentile(acks, 0), outcomeMs: percentile(outcomes, 0) };
}

function describeKill(rush: Rush, { name, deadAt, fault }: KillReport): [string, string][] {
  if (deadAt === null) return [["killed", `nothing: ${fault ?? "it never came to that"}`]];
  const { ackMs, outcomeMs } = findRecovery(rush, deadAt);
  return [
    ["killed", `${name}, ${encodeMs(deadAt - rush.startedAt)} after the start`],
    ["accepting again after", encodeMs(ackMs)],
    ["deciding again after", encodeMs(outcomeMs)],
  ];
}

function describeOutcomes(askers: readonly Asker[]): string {
  const words = askers.flatMap(({ outcome }) => {
    if (outcome === null) return [];
    const { booking } = outcome;
    return [isLive(booking) ? "sold" : (booking.reason ?? booking.status)];
  });
  return describeWords(countWords(words)) || "none";
}

function describeSetbacks(setbacks: readonly string[]): string {
  if (setbacks.length === 0) return "0";
  const words = countWords(setbacks).slice(0, SETBACKS_MAX);
  return `${encodeCount(setbacks.length)} (${describeWords(words)})`;
}

function describeWords(words: readonly (readonly [string, number])[]): string {
  return words.map(([word, count]) => `${encodeCount(count)} ${word}`).join(", ");
}

function describeRate(moments: readonly number[], startedAt: number): string {
  const last = moments.reduce((latest, at) => Math.max(latest, at), startedAt);
  const seconds = (last - startedAt) / 1_000;
  return seconds === 0 ? "–" : `${encodeCount(moments.length / seconds)}/s`;
}

function describeSpread(values: readonly number[]): string {
  return `p50 ${encodeMs(percentile(values, 0.5))}, p99 ${encodeMs(percentile(values, 0.99))}`;
}
