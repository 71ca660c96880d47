/**
 * A worker is stopped for a minute while another takes over, and then goes on: it writes nothing that is not its to
 * write, says why in one line, and is a member of the group again.
 */
import { setTimeout as pause } from "node:timers/promises";

import { encodeCount, encodeMs } from "@seatline/shared/testing/figures.ts";
import { parseLogLine } from "@seatline/shared/testing/log-lines.ts";
import type { LogLine } from "@seatline/shared/testing/log-lines.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { RealSystem, MEMBER_SETTING } from "../real/real-system.ts";
import { gatherHistory } from "../real/gather-run.ts";
import { Load } from "../real/load.ts";
import type { Member } from "../real/member.ts";
import { findWrong } from "../history/check-history.ts";
import { expectSo } from "./drill-result.ts";
import type { DrillGround, DrillResult } from "./drill-result.ts";

const FROZEN_MS = 60_000;
const WARM_UP_MS = 3_000;
/** What was on its way when the worker was stopped may still be carried out. */
const UNDER_WAY_MS = 1_000;
const REJOIN_MAX_MS = 30_000;
const SEED = 1;

export async function drillFrozen({ infra, folder }: DrillGround): Promise<DrillResult> {
  const name = `drill_frozen_${process.pid}`;
  const system = await RealSystem.start({ infra, name, folder });
  try {
    await noteWriters(system);
    const load = await Load.open(system, buildRandom(SEED));
    load.start();
    await pause(WARM_UP_MS);
    const worker = await findOwner(system);
    const linesBefore = readLines(worker).length;
    worker.service.freeze();
    const frozenAt = Date.now();
    await pause(FROZEN_MS);
    worker.service.wake();
    const wokenAt = Date.now();
    await waitUntil(
      "it is a member of the group again",
      () => readLines(worker).slice(linesBefore).some(isAssignment),
      REJOIN_MAX_MS,
    );
    const said = readLines(worker).slice(linesBefore);
    const rejoinedAt = Date.parse(String(said.find(isAssignment)?.["time"]));
    await pause(WARM_UP_MS);
    await load.stop();
    const writes = await countWrites(system, worker, {
      from: frozenAt + UNDER_WAY_MS,
      to: rejoinedAt,
    });
    const writesLater = await countWrites(system, worker, { from: rejoinedAt, to: Date.now() });
    const history = await gatherHistory(system, load);
    const [reason, ...others] = said.filter(isReason);
    return {
      figures: [
        ["stopped for", encodeMs(wokenAt - frozenAt)],
        ["records written from then until it was a member again", String(writes)],
        ["the line that it said why in", `\`${reason?.msg ?? "none"}\``],
        ["from its waking to being a member again", encodeMs(rejoinedAt - wokenAt)],
        ["records written after that, until the end", encodeCount(writesLater)],
        ["longest time without a decision", encodeMs(load.probes.longestStallMs)],
        ["calls of clients", encodeCount(history.calls.length)],
      ],
      wrong: [
        ...findWrong(history),
        ...expectSo("a worker that stood still writes nothing", writes === 0, `${writes} records`),
        ...expectSo(
          "it says why in one line",
          reason !== undefined && others.length === 0,
          `it said ${others.length + (reason === undefined ? 0 : 1)} times that it stood still`,
        ),
        ...expectSo("it decides again", writesLater > 0, "it has written nothing since"),
      ],
    };
  } finally {
    await system.close();
  }
}

/** Has Postgres write down who wrote each record. */
async function noteWriters({ sql }: RealSystem): Promise<void> {
  await sql.unsafe(`
    create table drill_writes (member text, at timestamptz not null default clock_timestamp());
    create function drill_note() returns trigger language plpgsql as $$
      begin
        insert into drill_writes (member) values (current_setting('${MEMBER_SETTING}', true));
        return null;
      end $$;
    create trigger drill_note after insert on records for each row execute function drill_note();
  `);
}

async function countWrites(
  { sql }: RealSystem,
  { name }: Member,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from drill_writes
     where member = ${name} and at between ${new Date(from)} and ${new Date(to)}`;
  return row?.count ?? 0;
}

/** The worker that has written most: one that has partitions, and is in the midst of them. */
async function findOwner(system: RealSystem): Promise<Member> {
  const [row] = await system.sql<{ member: Member["name"] }[]>`
    select member from drill_writes group by member order by count(*) desc limit 1`;
  if (row === undefined) throw new Error("no worker has written anything");
  return system.member(row.member);
}

function readLines({ service }: Member): LogLine[] {
  return service.log
    .split("\n")
    .filter((line) => line !== "")
    .map(parseLogLine);
}

function isAssignment({ msg }: LogLine): boolean {
  return msg === "partitions assigned";
}

function isReason({ msg }: LogLine): boolean {
  return msg.startsWith("this process stood still");
}
