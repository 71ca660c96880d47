/**
 * `npm run stress`: thousands of people at one small show, over HTTP and through everything, if
 * wanted with a worker or the broker killed under way; then every promise is checked.
 */
import { Client } from "./client.ts";
import { encodeCount } from "@seatline/shared/testing/figures.ts";
import { findVictim } from "./kill.ts";
import type { Victim } from "./kill.ts";
import { gatherEvidence } from "./evidence.ts";
import type { StressOptions } from "./options.ts";
import { buildRush, runRush } from "./rush.ts";
import type { Rush } from "./rush.ts";
import { checkSale } from "./sale-checks.ts";
import { buildTable, checkKill, describeFindings } from "./stress-report.ts";
import type { KillReport } from "./stress-report.ts";
import { findTarget } from "./target.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";

/** Longer than any run: no hold may lapse under way, or seats would rightly be sold twice. */
const HOLD_S = 24 * 60 * 60;
const PROGRESS_MS = 2_000;
/** Beside the rush, for the show and the questions afterwards. */
const QUIET_CONNECTIONS = 10;

/** Runs it and prints the result; true if every promise was kept. Throws one sentence if it cannot. */
export async function runStress(
  options: StressOptions,
  { env, print }: { readonly env: Environment; readonly print: (line: string) => void },
): Promise<boolean> {
  const { bookings, seats, connections, kill } = options;
  const { url, adminToken, running } = findTarget(options.url, env);
  const victim = kill === null ? null : findVictim(kill, running);
  const clients = {
    quiet: new Client(url, { connections: QUIET_CONNECTIONS, adminToken }),
    asking: new Client(url, { connections, adminToken: null }),
    following: new Client(url, { connections, adminToken: null }),
  };
  try {
    const show = await clients.quiet.createShow("Stress test", {
      capacity: seats,
      holdSeconds: HOLD_S,
    });
    print(
      `${encodeCount(bookings)} bookings for ${encodeCount(seats)} seats over ${connections} connections, at ${url}`,
    );
    const rush = buildRush(show.id, bookings);
    const strike = victim === null || kill === null ? null : buildStrike(victim, kill.atAck);
    const stopProgress = reportProgress(rush, print);
    await runRush(rush, { ...clients, connections, onAck: (acked) => strike?.onAck(acked) });
    stopProgress();
    const killed = strike === null ? null : await strike.settle();
    for (const line of ["", ...buildTable(rush, killed), ""]) print(line);
    const place = { client: clients.quiet, showId: show.id, capacity: seats };
    const findings = checkSale(await gatherEvidence(rush, place));
    if (killed !== null) findings.push(checkKill(rush, killed));
    for (const line of describeFindings(findings)) print(line);
    const failed = findings.filter(({ verdict }) => verdict !== "ok").length;
    print("");
    print(
      failed === 0 ? "Every promise was kept." : `${failed} of ${findings.length} checks failed.`,
    );
    return failed === 0;
  } finally {
    await Promise.all(Object.values(clients).map((client) => client.close()));
  }
}

/** The kill at the given ack, and what became of it. */
function buildStrike(victim: Victim, atAck: number) {
  let pending: Promise<KillReport> | undefined;
  const strike = async (): Promise<KillReport> => {
    try {
      await victim.kill();
      return { name: victim.name, deadAt: performance.now(), fault: null };
    } catch (error) {
      const fault = error instanceof Error ? error.message : String(error);
      return { name: victim.name, deadAt: null, fault };
    }
  };
  return {
    onAck: (acked: number) => {
      if (acked === atAck) pending = strike();
    },
    settle: async (): Promise<KillReport> =>
      (await pending) ?? {
        name: victim.name,
        deadAt: null,
        fault: `request ${atAck} was never accepted, so nothing was killed`,
      },
  };
}

function reportProgress({ askers }: Rush, print: (line: string) => void): () => void {
  const timer = setInterval(() => {
    const accepted = askers.filter(({ acked }) => acked !== null).length;
    const decided = askers.filter(({ outcome }) => outcome !== null).length;
    const retries = askers.reduce((sum, { setbacks }) => sum + setbacks.length, 0);
    print(
      `  … ${encodeCount(accepted)} accepted, ${encodeCount(decided)} decided, ${encodeCount(retries)} retries`,
    );
  }, PROGRESS_MS);
  return () => clearInterval(timer);
}
