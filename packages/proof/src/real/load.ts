/** What people ask of a system in chaos, and what they hear: customers, staff who put shows on sale, and probes. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";

import { partitionOf } from "@seatline/shared/contract/partition.ts";
import { call } from "@seatline/shared/testing/http.ts";
import type { Ask, HttpAnswer } from "@seatline/shared/testing/http.ts";
import type { Random } from "@seatline/shared/testing/random.ts";

import { Customer, SHOWS_ON_SALE } from "./customer.ts";
import type { Call } from "../history/history.ts";
import { Recorder } from "./recorder.ts";
import type { RealSystem } from "./real-system.ts";
import type { Member } from "./member.ts";
import { Probes } from "./probes.ts";

const CUSTOMERS = 24;
const THINK_MS = [20, 250] as const;
const NEW_SHOW_MS = 3_000;
/** Who hears nothing for so long takes the connection for broken. */
const ANSWER_MAX_MS = 12_000;
const RETRY_MS = 250;
const STARTS_AT = "2027-12-25T19:00:00Z";
const PROBED_SHOW = { capacity: 100_000, holdSeconds: 3_600 };

export class Load {
  readonly calls: Call[] = [];
  readonly probes: Probes;
  readonly #system: RealSystem;
  readonly #random: Random;
  readonly #showIds: string[] = [];
  readonly #recorders = new Map<string, Recorder>();
  readonly #work: Promise<void>[] = [];
  #isOver = false;

  private constructor(system: RealSystem, random: Random, probedIds: readonly string[]) {
    this.#system = system;
    this.#random = random;
    this.probes = new Probes(probedIds, () => random.pick(this.recorders));
  }

  /** Puts the first shows on sale. */
  static async open(system: RealSystem, random: Random): Promise<Load> {
    const probedIds = await createShowsEverywhere(system, random, PROBED_SHOW);
    const load = new Load(system, random, probedIds);
    for (const show of SHOWS_ON_SALE) load.#showIds.push(await createShow(system, random, show));
    return load;
  }

  /** What is on sale besides the shows of the probes. */
  get showIds(): readonly string[] {
    return this.#showIds;
  }

  /** One for each gateway as it lives now. */
  get recorders(): readonly Recorder[] {
    return this.#system.gateways.map((gateway) => this.#recorderOf(gateway));
  }

  start(): void {
    this.probes.start();
    const showIds = () => this.#showIds;
    const market = { random: this.#random, recorders: () => this.recorders, showIds };
    for (let index = 0; index < CUSTOMERS; index++) {
      this.#work.push(this.#shop(new Customer(`customer-${index}`, market)));
    }
    this.#work.push(this.#sell());
  }

  /** Resolves when everybody has heard what they were waiting for. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all([this.probes.stop(), ...this.#work]);
  }

  async #shop(customer: Customer): Promise<void> {
    while (!this.#isOver) {
      await customer.step();
      await pause(this.#random.int(...THINK_MS));
    }
  }

  async #sell(): Promise<void> {
    while (!this.#isOver) {
      await pause(NEW_SHOW_MS);
      const show = this.#random.pick(SHOWS_ON_SALE);
      this.#showIds.push(await createShow(this.#system, this.#random, show));
    }
  }

  #recorderOf(gateway: Member): Recorder {
    const { life, service } = gateway;
    const known = this.#recorders.get(life);
    if (known !== undefined) return known;
    const send = (path: string, ask: Ask): Promise<HttpAnswer> =>
      callWithin(this.#system, `${service.url}${path}`, ask);
    const recorder = new Recorder({ gateway: life, send, calls: this.calls });
    this.#recorders.set(life, recorder);
    return recorder;
  }
}

function callWithin({ http }: RealSystem, url: string, ask: Ask): Promise<HttpAnswer> {
  return call(http, url, { ...ask, signal: AbortSignal.timeout(ANSWER_MAX_MS) });
}

/** Such a show in every partition, by partition. */
export async function createShowsEverywhere(
  system: RealSystem,
  random: Random,
  facts: Readonly<Record<string, unknown>>,
): Promise<readonly string[]> {
  const { partitionCount } = system;
  const ids: string[] = [];
  while (ids.filter(Boolean).length < partitionCount) {
    const id = await createShow(system, random, facts);
    ids[partitionOf(id, partitionCount)] ??= id;
  }
  return ids;
}

/** Asks any gateway until one says that the show is there. */
async function createShow(
  system: RealSystem,
  random: Random,
  facts: Readonly<Record<string, unknown>>,
): Promise<string> {
  const headers = { "idempotency-key": randomUUID() };
  const body = { name: "The Lion King", startsAt: STARTS_AT, ...facts };
  for (;;) {
    const { service } = random.pick(system.gateways);
    const asked = callWithin(system, `${service.url}/v1/shows`, { headers, body });
    const answer = await asked.catch(() => null);
    if (answer?.status === 201) return (answer.json as { id: string }).id;
    if (answer !== null && answer.status >= 400 && answer.status < 500) {
      throw new Error(`a show is refused: ${answer.text}`);
    }
    await pause(RETRY_MS);
  }
}
