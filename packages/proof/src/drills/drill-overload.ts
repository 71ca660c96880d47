/**
 * Ten times what the system can take, clients that send slowly or read nothing, ten thousand that wait, Postgres and
 * the broker away for half a minute each: memory stays bounded, refusals are honest, and full speed is back soon.
 */
import { setTimeout as pause } from "node:timers/promises";

import { encodeCount, encodeMs } from "@seatline/shared/testing/figures.ts";
import { buildRandom } from "@seatline/shared/testing/random.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

import { RealSystem } from "../real/real-system.ts";
import type { ServerName } from "../real/parts.ts";
import { gatherHistory } from "../real/gather-run.ts";
import { createShowsEverywhere } from "../real/load.ts";
import type { Finding } from "../finding.ts";
import { findWrong } from "../history/check-history.ts";
import type { Call } from "../history/history.ts";
import { BadClients } from "./bad-clients.ts";
import {
  LANES,
  SOLD_TO_CROWDS,
  after,
  listProcesses,
  measureSustained,
  untilQuiet,
} from "./crowded.ts";
import { Crowd, describeTally } from "./crowd.ts";
import type { Tally } from "./crowd.ts";
import { expectSo } from "./drill-result.ts";
import type { DrillGround, DrillResult } from "./drill-result.ts";
import { LongPolls } from "./long-polls.ts";
import { MemoryWatch } from "./memory-watch.ts";

const SHOW = { ...SOLD_TO_CROWDS, holdSeconds: 3_600 };
const STORM_MS = 20_000;
const TIMES = 10;
/** So many wait for an answer at a time; whoever comes then is not even sent. */
const STORM_OPEN_MAX = 8_000;
const AWAY_MS = 30_000;
const LONG_POLLS = 10_000;
const LONG_POLL_S = 30;
/** Full speed: such a share of what was measured before. */
const FULL = 0.8;
const FULL_SPEED_MAX_MS = 10_000;
const SPEED_WINDOW_MS = 1_000;
const LOOK_MS = 100;
const GIVE_UP_MS = 60_000;
const MEMORY_MAX_MIB = 1_024;
/** What an overloaded system may say. */
const HONEST = new Set([202, 503]);
const SEED = 1;

export async function drillOverload({ infra, folder, print }: DrillGround): Promise<DrillResult> {
  const name = `drill_overload_${process.pid}`;
  const system = await RealSystem.start({ infra, name, folder });
  try {
    return await new Overload(system, print).run();
  } finally {
    await system.close();
  }
}

class Overload {
  readonly #system: RealSystem;
  readonly #print: (line: string) => void;
  readonly #memory: MemoryWatch;
  readonly #calls: Call[] = [];
  readonly #figures: [string, string][] = [];
  readonly #wrong: Finding[] = [];
  #perSecond = 0;

  constructor(system: RealSystem, print: (line: string) => void) {
    this.#system = system;
    this.#print = print;
    this.#memory = new MemoryWatch(listProcesses(system));
  }

  async run(): Promise<DrillResult> {
    const system = this.#system;
    const { gateways } = system;
    const showIds = await createShowsEverywhere(system, buildRandom(SEED), SHOW);
    const crowd = new Crowd({ gateways, showIds, calls: this.#calls });
    const [gateway] = gateways;
    const bad = new BadClients(gateway?.service.url ?? "");
    await this.#measure(crowd);
    bad.start();
    await this.#storm(crowd);
    await this.#goWithout("postgres", crowd);
    await this.#goWithout("kafka", crowd);
    this.#tell("bad clients thrown out", encodeCount(bad.thrownOut));
    bad.stop();
    await crowd.close();
    await untilQuiet(system);
    const history = await gatherHistory(system, { calls: this.#calls, recorders: [] });
    this.#wrong.push(...findWrong(history));
    this.#tell("accepted, and all decided", encodeCount(countAccepted(this.#calls)));
    await this.#memory.stop();
    for (const { name } of system.members) this.#tellMemory(name);
    return { figures: this.#figures, wrong: this.#wrong };
  }

  async #measure(crowd: Crowd): Promise<void> {
    const { perSecond, tally } = await measureSustained(this.#system, crowd);
    this.#perSecond = perSecond;
    this.#tell(`decided per second, ${LANES} clients`, encodeCount(perSecond));
    this.#check("at rest", tally);
  }

  async #storm(crowd: Crowd): Promise<void> {
    const perSecond = TIMES * this.#perSecond;
    const storm = { perSecond, forMs: STORM_MS, openMax: STORM_OPEN_MAX };
    const tally = await crowd.storm(storm);
    const what = `${encodeCount(perSecond)} a second for ${STORM_MS / 1_000} s, with bad clients`;
    this.#tell(what, describeTally(tally));
    this.#check("in the storm", tally);
    await this.#recover("the storm", crowd);
  }

  async #goWithout(name: ServerName, crowd: Crowd): Promise<void> {
    const server = this.#system.server(name);
    await server.freeze();
    const isOver = after(AWAY_MS);
    const polls = new LongPolls();
    const from = this.#calls.length;
    const hasEnough = (): boolean => this.#calls.length - from >= LONG_POLLS + LANES;
    const waits = name === "postgres";
    const tally = await crowd.press(LANES, () => isOver() || (waits && hasEnough()));
    if (waits) {
      await this.#openLongPolls(polls, from);
      await waitUntil("the time is up", isOver, AWAY_MS);
    }
    await server.wake();
    this.#tell(`${name} away for ${AWAY_MS / 1_000} s`, describeTally(tally));
    this.#check(`without ${name}`, tally);
    await this.#recover(`${name} was away`, crowd);
    if (name !== "postgres") return;
    await this.#endLongPolls(polls);
  }

  async #endLongPolls(polls: LongPolls): Promise<void> {
    await waitUntil("every long poll is answered", () => polls.open === 0, GIVE_UP_MS);
    const statuses = [...polls.statuses].map(
      ([status, count]) => `${status}: ${encodeCount(count)}`,
    );
    this.#tell(`long polls open at the same time: ${encodeCount(polls.most)}`, statuses.join(", "));
    const answered = polls.statuses.get(200) ?? 0;
    const detail = `${polls.most} waited at the same time, ${answered} were answered`;
    const isSo = polls.most === LONG_POLLS && answered === LONG_POLLS;
    this.#wrong.push(...expectSo("ten thousand wait, and all are answered", isSo, detail));
  }

  async #openLongPolls(polls: LongPolls, from: number): Promise<void> {
    const urls = this.#system.gateways.map(({ service }) => service.url);
    const queued = this.#listQueued(from).slice(0, LONG_POLLS);
    await polls.start({ urls, bookings: queued, waitS: LONG_POLL_S });
  }

  /** What was asked for since there were so many calls. */
  #listQueued(from: number) {
    return this.#calls
      .slice(from)
      .flatMap(({ heard }) => (heard?.kind === "queued" ? [heard] : []));
  }

  /** How soon as much is decided per second as before. */
  async #recover(what: string, crowd: Crowd): Promise<void> {
    const startedAt = performance.now();
    let isOver = false;
    const pressing = crowd.press(LANES, () => isOver);
    const looks: { readonly at: number; readonly decided: number }[] = [];
    let fullMs: number | null = null;
    while (fullMs === null && performance.now() - startedAt < GIVE_UP_MS) {
      const look = { at: performance.now(), decided: await this.#system.countDecided() };
      looks.push(look);
      const first = looks.findLast(({ at }) => at <= look.at - SPEED_WINDOW_MS);
      const perSecond =
        first === undefined ? 0 : ((look.decided - first.decided) * 1_000) / (look.at - first.at);
      if (perSecond >= FULL * this.#perSecond) fullMs = look.at - startedAt;
      else await pause(LOOK_MS);
    }
    isOver = true;
    await pressing;
    this.#tell(`full speed again after ${what}`, encodeMs(fullMs));
    const isSoon = fullMs !== null && fullMs <= FULL_SPEED_MAX_MS;
    this.#wrong.push(...expectSo(`full speed soon after ${what}`, isSoon, encodeMs(fullMs)));
  }

  #check(when: string, { statuses, unanswered, dishonest }: Tally): void {
    const odd = [...statuses.keys()].filter((status) => !HONEST.has(status));
    this.#wrong.push(
      ...expectSo(
        `only documented answers ${when}`,
        odd.length === 0,
        `there were ${odd.join(", ")}`,
      ),
      ...expectSo(
        `refusals say when to come again ${when}`,
        dishonest === 0,
        `${dishonest} did not`,
      ),
      ...expectSo(`everybody is answered ${when}`, unanswered === 0, `${unanswered} were not`),
    );
  }

  #tellMemory(name: string): void {
    const peak = this.#memory.peakMib(name);
    this.#tell(`memory of ${name} at most`, `${peak.toFixed(0)} MiB`);
    const detail = `${name} had ${peak.toFixed(0)} MiB`;
    this.#wrong.push(...expectSo("memory is bounded", peak <= MEMORY_MAX_MIB, detail));
  }

  #tell(what: string, figure: string): void {
    this.#figures.push([what, figure]);
    this.#print(`  ${what}: ${figure}`);
  }
}

function countAccepted(calls: readonly Call[]): number {
  return calls.filter(({ heard }) => heard?.kind === "queued").length;
}
