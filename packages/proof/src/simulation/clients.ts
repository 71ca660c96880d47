/**
 * The customers of a simulated run: each has an errand, asks any gateway, hears an answer, or nothing, and asks
 * again. All that they ask and hear is written down for the checker.
 */
import type { Answer, BookInput, Patience } from "@seatline/api-gateway/bookings.ts";
import { changeShow, createShow } from "@seatline/api-gateway/ask-show.ts";
import type { AskedShow } from "@seatline/api-gateway/ask-show.ts";
import type { Booking, Place } from "@seatline/shared/core/model.ts";
import { classifyFault } from "@seatline/shared/runtime/faults.ts";

import type { Asked, BookingSeen, Call, Heard } from "../history/history.ts";
import { buildBookingSeen } from "../history/booking-seen.ts";
import type { Errand, FollowUp, Plan, ShowPlan, StaffErrand } from "./plan.ts";
import type { Gateway, System } from "./system.ts";
import { DAWN_MS } from "./world.ts";
import type { World } from "./world.ts";

/** A client that hears nothing for so long, beyond what it would wait, takes its connection for broken. */
const ANSWER_MAX_MS = 4_000;
const TRIES_MAX = 12;
const POLLS = 3;
const RETRY_MS = 250;
const NO_GATEWAY_MS = 100;
const SHOW_WAIT_MS = 3_000;
/** Of an errand that has found out what became of its booking. */
const FIND_WAIT_MS = 3_000;
/** Of whoever does not go away before there is an answer. */
const NEVER = new AbortController().signal;
/** The id of a show that nobody has made. */
const NOWHERE = "00000000-0000-8000-8000-000000000000";

/** What a gateway is asked. */
type Question = {
  readonly asked: Asked;
  readonly waitMs: number;
  readonly ask: (gateway: Gateway, patience: Patience) => Promise<Answer>;
};

export class Clients {
  readonly calls: Call[] = [];
  readonly #world: World;
  readonly #system: System;
  readonly #plan: Plan;
  readonly #showIds: string[] = [];
  readonly #bookingIds = new Set<string>();
  #busy = 0;

  constructor(world: World, system: System, plan: Plan) {
    this.#world = world;
    this.#system = system;
    this.#plan = plan;
  }

  /** How many errands are not over. */
  get busy(): number {
    return this.#busy;
  }

  /** Everybody sets out; what they do follows from what they hear. */
  start(): void {
    const { shows, errands, staff } = this.#plan;
    this.#run(async () => {
      for (const show of shows) this.#showIds.push(await this.#createShow(show));
    });
    for (const errand of errands) this.#run(() => this.#runErrand(errand));
    for (const errand of staff) this.#run(() => this.#runStaffErrand(errand));
  }

  /** Asks every gateway for every booking that anybody was told of. */
  async lookAtAll(): Promise<void> {
    const all = [...this.#bookingIds];
    await Promise.all(
      all.flatMap((id) => this.#system.gateways.map((_, at) => this.#look(id, at))),
    );
  }

  #run(work: () => Promise<void>): void {
    this.#busy += 1;
    void work()
      .catch((error: unknown) => {
        this.#world.fail(error);
      })
      .finally(() => {
        this.#busy -= 1;
      });
  }

  async #runErrand(errand: Errand): Promise<void> {
    await this.#pause(errand.atMs);
    const showId = await this.#showId(errand.show);
    const { id, place } = await this.#insist(buildBook(errand, showId, this.#world.nowMs));
    if (id === null) return;
    this.#bookingIds.add(id);
    for (const followUp of errand.next) {
      await this.#pause(followUp.afterMs);
      const { kind, looksFirst } = followUp;
      const seen = looksFirst ? await this.#insist(buildFind(id, place, FIND_WAIT_MS)) : null;
      if (kind === "poll") await this.#poll(id);
      else await this.#insist(buildFollowUp(id, { ...followUp, kind }, seen?.booking ?? null));
    }
    if (errand.looksBack) await this.#insist(buildFind(id, null, FIND_WAIT_MS));
  }

  /** Asks one gateway again and again, quicker than anything can come to it. */
  async #poll(id: string): Promise<void> {
    const { random } = this.#world;
    const at = random.int(0, Math.max(0, this.#system.gateways.length - 1));
    for (let count = 0; count < POLLS; count++) {
      await this.#call(buildFind(id, null, 0), at);
      await this.#pause(random.int(0, 3));
    }
  }

  /** Asks until there is an answer, or too often. Without a key, another try is another request. */
  async #insist(question: Question): Promise<Told> {
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const heard = await this.#call(question, null);
      if (heard !== null && heard.kind !== "unavailable") return readHeard(heard);
      await this.#pause(RETRY_MS * (tries + 1));
    }
    return { id: null, place: null, booking: null };
  }

  async #look(id: string, at: number): Promise<void> {
    await this.#call(buildFind(id, null, 0), at);
  }

  /** One question to one gateway, any one where `at` is null. */
  async #call({ asked, waitMs, ask }: Question, at: number | null): Promise<Heard | null> {
    const world = this.#world;
    const gateways = this.#system.gateways;
    const found = gateways[at ?? world.random.int(0, Math.max(0, gateways.length - 1))];
    if (found === undefined) {
      await this.#pause(NO_GATEWAY_MS);
      return null;
    }
    const { life, gateway } = found;
    const askedAt = world.nowMs;
    const listen = async (say: () => Promise<Answer>): Promise<Heard> => {
      try {
        return hearAnswer(await say());
      } catch (error) {
        if (classifyFault(error) === "bug") world.fail(error);
        return { kind: "unavailable" };
      }
    };
    const heard = await new Promise<Heard | null>((resolve) => {
      const gone = waitMs > 0 ? new AbortController() : null;
      const signal = gone?.signal ?? NEVER;
      let isOver = false;
      const hear = (words: Heard | null) => {
        if (isOver) return;
        isOver = true;
        for (const stop of stops) stop();
        world.schedule(world.delay(), null, () => {
          // Only whoever goes away without an answer leaves somebody behind who waits for it.
          if (words === null) gone?.abort(null);
          resolve(words);
        });
      };
      const giveUp = () => {
        hear(null);
      };
      const stops = [life.onDeath(giveUp), world.schedule(waitMs + ANSWER_MAX_MS, null, giveUp)];
      world.schedule(world.delay(), life, () => {
        void listen(() => ask(gateway, { waitMs, signal })).then(hear);
      });
    });
    this.calls.push({ gateway: life.name, askedAt, heardAt: world.nowMs, asked, heard });
    return heard;
  }

  async #createShow({ layout, rules, opensInMs }: ShowPlan): Promise<string> {
    const name = `Show ${this.#showIds.length}`;
    const opensAt = opensInMs === null ? null : DAWN_MS + opensInMs;
    const input = { name, startsAt: DAWN_MS + 86_400_000, layout, rules, opensAt, closesAt: null };
    const key = { client: "staff", key: name };
    const created = await this.#askShow((gateway, patience) =>
      createShow(gateway, { ...input, key }, patience),
    );
    return created.showId;
  }

  async #runStaffErrand({ atMs, show, changes }: StaffErrand): Promise<void> {
    await this.#pause(atMs);
    const showId = await this.#showId(show);
    await this.#askShow((gateway, patience) => changeShow(gateway, { showId, changes }, patience));
  }

  /** Asks until something is heard. */
  async #askShow(
    ask: (gateway: Gateway, patience: Patience) => Promise<AskedShow>,
  ): Promise<AskedShow> {
    const world = this.#world;
    for (;;) {
      const [found] = this.#system.gateways;
      const answer =
        found === undefined
          ? null
          : await new Promise<AskedShow | null>((resolve) => {
              const patience = { waitMs: SHOW_WAIT_MS, signal: NEVER };
              found.life.onDeath(() => {
                resolve(null);
              });
              world.schedule(SHOW_WAIT_MS + ANSWER_MAX_MS, null, () => {
                resolve(null);
              });
              world.schedule(world.delay(), found.life, () => {
                ask(found.gateway, patience).then(resolve, (error: unknown) => {
                  if (classifyFault(error) === "bug") world.fail(error);
                  resolve(null);
                });
              });
            });
      if (answer !== null && answer.status !== "unavailable") return answer;
      await this.#pause(RETRY_MS);
    }
  }

  async #showId(index: number | null): Promise<string> {
    if (index === null) return NOWHERE;
    for (;;) {
      const id = this.#showIds[index];
      if (id !== undefined) return id;
      await this.#pause(NO_GATEWAY_MS);
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#world.schedule(delayMs, null, resolve);
    });
  }
}

type Told = {
  readonly id: string | null;
  readonly place: Place | null;
  readonly booking: BookingSeen | null;
};

function readHeard(heard: Heard): Told {
  switch (heard.kind) {
    case "queued":
      return { id: heard.id, place: heard.place, booking: null };
    case "booking":
    case "refused": {
      const { booking } = heard;
      return { id: booking?.id ?? null, place: booking?.place ?? null, booking };
    }
    case "unavailable":
      return { id: null, place: null, booking: null };
  }
}

function buildBook(errand: Errand, showId: string, nowMs: number): Question {
  const { customer, key, wants, confirmNow, holdMs, waits, byStaff, waitMs } = errand;
  const until = DAWN_MS + Math.floor(nowMs) + 4_000;
  const wait = waits ? { until: key === null ? until : null } : null;
  const asked = { showId, customer, wants, confirmNow, holdMs, wait, byStaff };
  const idempotency = key === null ? null : { client: customer ?? "nobody", key };
  const input: BookInput = { ...asked, key: idempotency };
  return {
    asked: {
      kind: "book",
      key: key === null ? null : `${customer ?? "nobody"} ${key}`,
      showId,
      body: JSON.stringify(asked),
    },
    waitMs,
    ask: ({ bookings }, patience) => bookings.book(input, patience),
  };
}

function buildFind(id: string, place: Place | null, waitMs: number): Question {
  return {
    asked: { kind: "find", bookingId: id, place },
    waitMs,
    ask: ({ bookings }, patience) => bookings.find(id, place, patience),
  };
}

function buildFollowUp(
  id: string,
  { kind, waitMs }: FollowUp & { readonly kind: Exclude<FollowUp["kind"], "poll"> },
  booking: BookingSeen | null,
): Question {
  switch (kind) {
    case "find":
      return buildFind(id, booking?.place ?? null, waitMs);
    case "confirm":
      return {
        asked: { kind, bookingId: id },
        waitMs,
        ask: ({ bookings }, patience) => bookings.confirm(id, "paid", patience),
      };
    case "extend":
      return {
        asked: { kind, bookingId: id },
        waitMs,
        ask: ({ bookings }, patience) => bookings.extend(id, null, patience),
      };
    case "cancel":
    case "give-back": {
      const seats = kind === "cancel" ? null : (booking?.seats.slice(0, 1) ?? []);
      const places = seats === null ? null : { seats, standing: [] };
      return {
        asked: { kind: "cancel", bookingId: id },
        waitMs,
        ask: ({ bookings }, patience) => bookings.cancel(id, { places, byStaff: false }, patience),
      };
    }
  }
}

function hearAnswer(answer: Answer): Heard {
  switch (answer.kind) {
    case "queued":
      return { kind: "queued", id: answer.id, place: answer.queued.place };
    case "booking":
      return { kind: "booking", booking: buildBookingSeen(answer.booking) };
    case "refused": {
      const { reason, booking } = answer;
      return { kind: "refused", reason, booking: seeOrNull(booking) };
    }
    case "unavailable":
      return { kind: "unavailable" };
  }
}

function seeOrNull(booking: Booking | null): BookingSeen | null {
  return booking === null ? null : buildBookingSeen(booking);
}
