/**
 * What must be true of every run of the system, whatever was killed, cut off or slow meanwhile. Pure: takes what
 * was seen, and finds every contradiction. docs/history-checks.md says each check in a sentence.
 */
import type { Finding } from "../finding.ts";
import {
  findKeyFaults,
  findOutdated,
  findStaleAnswers,
  findUntrueAnswers,
} from "./check-answers.ts";
import { findUnkeptPromises } from "./check-calls.ts";
import {
  findBugs,
  findChainFaults,
  findDeadLetterFaults,
  findOrderFaults,
  findUndecided,
} from "./check-lines.ts";
import { findEventFaults, findFollowUpFaults, findOutcomeFaults } from "./check-publications.ts";
import {
  findDoubleSales,
  findForeignSeats,
  findMapFaults,
  findMisnumbered,
  findOversold,
  findUnbalanced,
} from "./check-sales.ts";
import { findTableFaults } from "./check-tables.ts";
import { findHoldFaults, findOutlived, findUnfairServing } from "./check-times.ts";
import type { History } from "./history.ts";
import type { HistoryIndex } from "./history-index.ts";
import { indexHistory } from "./index-history.ts";

/** Each gives a sentence for every contradiction, with the ids and the places in it. */
const CHECKS = {
  "no seat has two live bookings": findDoubleSales,
  "no standing section is oversold": findOversold,
  "only seats that are for sale are sold": findForeignSeats,
  "free + held + confirmed = capacity": findUnbalanced,
  "the version of a show counts the records that tell of it": findMisnumbered,
  "the seats that records name make the seat map": findMapFaults,
  "every accepted request has exactly one outcome": findUnkeptPromises,
  "all that stands in the line is decided once, and nothing else": findUndecided,
  "the lower place is decided first": findOrderFaults,
  "the topic of outcomes tells the records": findOutcomeFaults,
  "the topic of events tells the changes": findEventFaults,
  "what a step leaves to do stands in the line": findFollowUpFaults,
  "the tables hold what the records say": findTableFaults,
  "clients were shown what was true": findUntrueAnswers,
  "no gateway tells what is older than what it told before": findStaleAnswers,
  "what was decided before a rest, every gateway knows after it": findOutdated,
  "one key has one booking": findKeyFaults,
  "every hash covers what was before it": findChainFaults,
  "deciding again decides the same": findReplayFaults,
  "nothing outlives its time": findOutlived,
  "who waits is served in order": findUnfairServing,
  "holds last as long as was promised": findHoldFaults,
  "dead letters are kept as they came": findDeadLetterFaults,
  "no request makes the core fail": findBugs,
} satisfies Record<string, (index: HistoryIndex) => Iterable<string>>;

export type HistoryCheckName = keyof typeof CHECKS;

/** More sentences than this about one promise nobody reads. */
const DETAILS_MAX = 20;

/** All checks, in the order in which they are listed. */
export function checkHistory(history: History): Finding[] {
  const index = indexHistory(history);
  return Object.entries(CHECKS).map(([name, find]) => {
    if (find === findOutlived && history.lapseMaxMs === null) {
      return { name, verdict: "not-checked", details: ["nobody swept at the end of the run"] };
    }
    const details = cut(find(index));
    return { name, verdict: details.length === 0 ? "ok" : "violated", details };
  });
}

/** The promises that were not kept. */
export function findWrong(history: History): Finding[] {
  return checkHistory(history).filter(({ verdict }) => verdict === "violated");
}

function findReplayFaults({ replayed }: HistoryIndex): Iterable<string> {
  return replayed.differences;
}

function cut(sentences: Iterable<string>): string[] {
  const details: string[] = [];
  for (const sentence of sentences) {
    if (details.length === DETAILS_MAX) {
      details.push("… and more");
      break;
    }
    details.push(sentence);
  }
  return details;
}
