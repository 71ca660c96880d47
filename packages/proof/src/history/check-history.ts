/**
 * The one checker of histories, whoever gathered them: simulation, chaos, stress, tests. It reads what clients saw,
 * the topics and the tables, and finds every contradiction. Pure.
 */
import { checkClients } from "./client-checks.ts";
import type { Finding } from "./finding.ts";
import type { History } from "./history.ts";
import { indexHistory } from "./index-history.ts";
import { checkLines } from "./line-checks.ts";
import { checkReplay } from "./replay-checks.ts";
import { checkSale } from "./sale-checks.ts";

/** One finding for each promise. */
export function checkHistory(history: History): Finding[] {
  const indexed = indexHistory(history);
  return [
    ...checkLines(indexed),
    ...checkReplay(indexed),
    ...checkSale(indexed),
    ...checkClients(indexed),
  ];
}
