/**
 * `npm run performance`: what a decision costs on a hundred seats and on a million, and how long a new owner of
 * the large show takes to load it. Needs no running Seatline, only a Postgres.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";

import { startInfrastructure } from "@seatline/infra/infrastructure.ts";
import { REPOSITORY_ROOT } from "@seatline/infra/paths.ts";

import type { PerformanceOptions } from "./options.ts";
import { measureDecide } from "./performance-decide.ts";
import { measureLoad } from "./performance-load.ts";
import type { LoadReport } from "./performance-load.ts";
import { buildDocument, checkBounds } from "./performance-report.ts";
import { buildSales } from "./performance-shows.ts";
import type { Sale } from "./performance-shows.ts";
import { measureStep } from "./performance-step.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

const DOCUMENT = "docs/performance.md";
const LOADS = 9;

type Output = { readonly env: Environment; readonly print: (line: string) => void };

/** Measures and prints, and writes if told to; true if every bound is met. */
export async function runPerformance(
  { rounds, isWritten }: PerformanceOptions,
  { env, print }: Output,
): Promise<boolean> {
  print("Selling half of every show …");
  const sales = buildSales();
  print(`Deciding, ${rounds} rounds …`);
  const decide = measureDecide(sales, rounds);
  print(`Stepping, ${rounds} rounds …`);
  const step = measureStep(sales, rounds);
  print("Loading …");
  const load = await loadFromPostgres(sales.seated.random.large, { env, print });
  const report = { machine: describeMachine(), decide, step, load };
  const document = buildDocument(report);
  for (const line of ["", ...document, ""]) print(line);
  if (isWritten) writeFileSync(join(REPOSITORY_ROOT, DOCUMENT), `${document.join("\n")}\n`);
  const missed = checkBounds(report).filter(({ isMet }) => !isMet);
  print(missed.length === 0 ? "Every bound is met." : "Not every bound is met.");
  return missed.length === 0;
}

async function loadFromPostgres(sale: Sale, { env, print }: Output): Promise<LoadReport> {
  const given = env["DATABASE_URL"] || null;
  if (given !== null) return measureLoad(given, sale, LOADS);
  const infrastructure = await startInfrastructure({ purpose: "test", env, log: print });
  try {
    return await measureLoad(infrastructure.databaseUrl, sale, LOADS);
  } finally {
    await infrastructure.close();
  }
}

function describeMachine(): string {
  const model = cpus()[0]?.model ?? "unknown processor";
  return `${availableParallelism()} × ${model.trim()} with Node ${process.versions.node}`;
}
