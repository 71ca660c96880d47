/**
 * A customer of a real system, who asks one thing after the other, now at one gateway, now at another: books,
 * pays, changes their mind, looks, asks the same again, and asks twice at once.
 */
import type { Random } from "@seatline/shared/testing/random.ts";

import type { Heard } from "../history/history.ts";
import type { Recorder } from "./recorder.ts";

/** What there is to buy, and where. Both may change while somebody shops. */
type Market = {
  readonly random: Random;
  readonly recorders: () => readonly Recorder[];
  readonly showIds: () => readonly string[];
};

type Known = {
  readonly id: string;
  readonly place: { readonly partition: number; readonly offset: number } | null;
};
type Body = { readonly showId: string } & Readonly<Record<string, unknown>>;
type Keyed = { readonly key: string; readonly body: Body };

/** Somebody deals with their last bookings only. */
const KNOWN_MAX = 5;
/** Long after everything, but a day on which a calendar may be asked. */
const OTHER_WAIT_UNTIL = "2027-12-24T12:00:00Z";

const SECTIONS = [
  { name: "Stalls", rows: "A-C", seatsPerRow: 8, blocked: ["A1"], accessible: ["C8"], price: 500 },
  { name: "Floor", standing: 12, price: 300 },
];
/** Small ones, whose holds end soon: so that everything happens that can. */
export const SHOWS_ON_SALE = [
  { capacity: 15, holdSeconds: 1, cancelConfirmed: true },
  { sections: SECTIONS, currency: "EUR", holdSeconds: 2, rescueSeconds: 1 },
  {
    sections: SECTIONS,
    currency: "EUR",
    maxSeatsPerCustomer: 4,
    holdSeconds: 1,
  },
  { capacity: 20, confirmation: "automatic" },
];

export class Customer {
  readonly #name: string;
  readonly #market: Market;
  readonly #known: Known[] = [];
  #keyed: Keyed | null = null;
  /** What nobody has answered: whoever has a key asks again. */
  #unheard: Keyed | null = null;
  #steps = 0;

  constructor(name: string, market: Market) {
    this.#name = name;
    this.#market = market;
  }

  /** Asks for one thing. */
  async step(): Promise<void> {
    const { random } = this.#market;
    this.#steps += 1;
    const unheard = this.#unheard;
    if (unheard !== null && random.chance(0.8)) {
      await this.#bookKeyed(unheard);
      return;
    }
    if (this.#known.length === 0 || random.chance(0.4)) await this.#book();
    else this.#note(await this.#change());
  }

  async #book(): Promise<void> {
    const { random, showIds } = this.#market;
    const body = buildBody(random, random.pick(showIds()), this.#name);
    if (random.chance(0.4)) {
      this.#note(await this.#recorder().book(body, { waitS: this.#patience() }));
      return;
    }
    const key = `a-key-that-nobody-guesses-${this.#name}-${this.#steps}`;
    this.#keyed = { key, body };
    // Now and then both come at once, before the line knows either.
    if (random.chance(0.2)) await this.#bookTwice(this.#keyed);
    else await this.#bookKeyed(this.#keyed);
  }

  async #bookKeyed(keyed: Keyed): Promise<void> {
    const { key, body } = keyed;
    const heard = await this.#recorder().book(body, { key, waitS: this.#patience() });
    this.#unheard = heard === null || heard.kind === "unavailable" ? keyed : null;
    this.#note(heard);
  }

  /** The same and another request at once under one key, at one gateway or at two. */
  async #bookTwice({ key, body }: Keyed): Promise<null> {
    const { random } = this.#market;
    const bodies = [{ ...body, ifUnavailable: "wait", waitUntil: OTHER_WAIT_UNTIL }, body];
    await Promise.all(
      bodies.map((one) => this.#recorder().book(one, { key, waitS: random.pick([0, 5]) })),
    );
    return null;
  }

  async #change(): Promise<Heard | null> {
    const { random } = this.#market;
    const { id, place } = random.pick(this.#known);
    const recorder = this.#recorder();
    const waitS = this.#patience();
    const keyed = this.#keyed;
    const ask = random.pick<() => Promise<Heard | null>>([
      () => recorder.change("confirm", id, { waitS, body: { payment: "paid" } }),
      () => recorder.change("confirm", id),
      () => recorder.change("cancel", id),
      () => recorder.change("extend", id, { body: { seconds: random.int(1, 3) } }),
      () => recorder.find(id),
      () => recorder.find(id, { place }),
      () => recorder.find(id, { place, waitS: 2 }),
      () =>
        keyed === null ? recorder.find(id) : recorder.book(keyed.body, { key: keyed.key, waitS }),
      () => (keyed === null ? recorder.find(id) : this.#bookTwice(keyed)),
    ]);
    return await ask();
  }

  #recorder(): Recorder {
    return this.#market.random.pick(this.#market.recorders());
  }

  /** How long they wait for an answer, in seconds. */
  #patience(): number {
    return this.#market.random.pick([0, 0, 5]);
  }

  /** The place of a change is one to look at, too. */
  #note(heard: Heard | null): void {
    const known = knownOf(heard);
    if (known === null) return;
    this.#known.push(known);
    if (this.#known.length > KNOWN_MAX) this.#known.shift();
  }
}

/** The booking that an answer is about. */
export function knownOf(heard: Heard | null): Known | null {
  if (heard?.kind === "queued") return heard;
  if (heard?.kind === "booking") return heard.booking;
  return heard?.kind === "refused" ? heard.booking : null;
}

function buildBody(random: Random, showId: string, customer: string): Body {
  const wants = random.pick<Readonly<Record<string, unknown>>>([
    { count: 1 },
    { count: 2 },
    { seats: [random.int(1, 20)] },
    { together: [2] },
    { wants: [{ seats: [3] }, { count: 1 }] },
  ]);
  const wait = random.chance(0.4) ? { ifUnavailable: "wait" } : {};
  return { showId, customer, ...wants, ...wait };
}
