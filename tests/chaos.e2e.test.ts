/**
 * Three short runs of `npm run chaos`: whatever is killed, frozen and cut off, the system goes on by itself, and all
 * that was heard, published and stored is one story. docs/chaos.md says what is done to it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Infrastructure } from "@seatline/infra/infrastructure.ts";
import { startOwnServers } from "@seatline/infra/own-servers.ts";
import { listImpossible } from "@seatline/proof/chaos/begin-fault.ts";
import { buildChaosPlan } from "@seatline/proof/chaos/chaos-plan.ts";
import { runChaos } from "@seatline/proof/chaos/chaos-run.ts";
import { seedOfRun } from "@seatline/shared/testing/random.ts";
import { afterAll, beforeAll, expect, test } from "vitest";

const START_MS = 300_000;
const EPISODES = 3;
/** Of a run of about 30 s: so much is asked at least, or it would show nothing. */
const DECIDED_MIN = 300;
const seed = seedOfRun();
let infra: Infrastructure;

beforeAll(async () => {
  infra = await startOwnServers({ env: process.env, log: () => {} });
}, START_MS);
afterAll(() => infra.close());

test.each([seed, seed + 1, seed + 2])("nothing is lost or sold twice (seed %i)", async (one) => {
  const folder = mkdtempSync(join(tmpdir(), "seatline-chaos-"));
  const without = listImpossible(infra);
  const plan = buildChaosPlan(one, { episodes: EPISODES, without });
  const run = await runChaos({ infra, seed: one, plan, folder });
  expect({ logs: folder, ...run }).toMatchObject({ wrong: [] });
  expect(run.decided).toBeGreaterThan(DECIDED_MIN);
  expect(run.episodes).toHaveLength(EPISODES);
  rmSync(folder, { recursive: true });
});
