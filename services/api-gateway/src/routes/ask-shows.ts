/** Canonical routes that create and change shows, for admins. */
import { Type } from "typebox";
import type { Static } from "typebox";

import {
  KeyHeaders,
  PreferHeader,
  ProblemAnswer,
  QueuedAnswer,
} from "@seatline/shared/contract/http.ts";
import {
  ChangeShowBody,
  CreateShowBody,
  ShowAnswer,
} from "@seatline/shared/contract/http-shows.ts";
import { parseLayout } from "@seatline/shared/contract/layout-notation.ts";
import { DEFAULT_RULES } from "@seatline/shared/contract/values.ts";
import type { ShowRules } from "@seatline/shared/core/model.ts";
import { parseRanges } from "@seatline/shared/core/seats/ranges.ts";
import type { ShowChanges } from "@seatline/shared/core/requests.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import type { FastifyReply } from "fastify";

import { forAdmins, readIdempotencyKey } from "../access.ts";
import { changeShow, createShow } from "../ask-show.ts";
import type { AskedShow } from "../ask-show.ts";
import type { App, AppDeps } from "../deps.ts";
import { buildInvalid, buildProblem, describeRefusal } from "../problems.ts";
import type { Fault } from "../problems.ts";
import { parseInstant } from "../read.ts";
import { readPatience, sendProblem } from "../replies.ts";
import { retryAfter, viewQueued, viewShow } from "../views.ts";
import { findByParam } from "./shows.ts";

const WAIT_DEFAULT_S = 10;
/** The layouts of the largest shows, row by row. */
const CREATE_BODY_MAX = 256 * 1024;
const CHANGE_BODY_MAX = 128 * 1024;

export function registerAskShowRoutes(app: App, deps: AppDeps): void {
  registerCreateShow(app, deps);
  registerChangeShow(app, deps);
}

function registerCreateShow(app: App, deps: AppDeps): void {
  app.post(
    "/v1/shows",
    {
      bodyLimit: CREATE_BODY_MAX,
      ...forAdmins(deps.access, {
        tags: ["Shows"],
        summary: "Create a show",
        headers: KeyHeaders,
        body: CreateShowBody,
        response: { 201: ShowAnswer, 202: QueuedAnswer, default: ProblemAnswer },
      }),
    },
    async (request, reply) => {
      const faults: Fault[] = [];
      const asked = readCreation(request.body, faults);
      if (asked === null) return sendProblem(reply, buildInvalid(faults));
      const key = readIdempotencyKey(request, null);
      if (key !== null && "problem" in key) return sendProblem(reply, key.problem);
      const patience = readPatience(request, reply, WAIT_DEFAULT_S);
      const created = await createShow(deps, { key, ...asked }, patience);
      // Not before the ack: what may not exist has no address.
      if (created.status === "queued" || created.status === "decided") {
        reply.header("location", `/v1/shows/${created.showId}`);
      }
      return sendShow(reply, created, 201);
    },
  );
}

function registerChangeShow(app: App, deps: AppDeps): void {
  app.patch(
    "/v1/shows/:id",
    {
      bodyLimit: CHANGE_BODY_MAX,
      ...forAdmins(deps.access, {
        tags: ["Shows"],
        summary: "Change a show; answers when it is decided in the line",
        headers: PreferHeader,
        params: Type.Object({ id: Type.String() }),
        body: ChangeShowBody,
        response: { 200: ShowAnswer, 202: QueuedAnswer, default: ProblemAnswer },
      }),
    },
    async (request, reply) => {
      const faults: Fault[] = [];
      const changes = readChanges(request.body, faults);
      if (faults.length > 0) return sendProblem(reply, buildInvalid(faults));
      const show = await findByParam(deps.shows, request.params.id);
      if (show === null) return sendProblem(reply, buildProblem("show-not-found"));
      const unpriced = findUnpriced(show, changes);
      if (unpriced.length > 0) return sendProblem(reply, buildInvalid(unpriced));
      const patience = readPatience(request, reply, WAIT_DEFAULT_S);
      return sendShow(reply, await changeShow(deps, { showId: show.id, changes }, patience), 200);
    },
  );
}

/** A show gets its currency when it is created, and keeps it: so this may be said at the door. */
function findUnpriced({ layout }: ShowRow, { sections = [] }: ShowChanges): Fault[] {
  if (layout.currency !== null) return [];
  return sections.flatMap(({ price }, index) =>
    price === undefined
      ? []
      : [{ path: `/sections/${index}/price`, message: "needs a show that has a currency" }],
  );
}

function sendShow(reply: FastifyReply, asked: AskedShow, status: number): FastifyReply {
  switch (asked.status) {
    case "unavailable":
      return sendProblem(reply, buildProblem("unavailable"));
    case "refused": {
      const { reason, facts } = asked;
      const detail = describeRefusal(reason, facts, null);
      return sendProblem(reply, buildProblem(reason, { detail, facts }));
    }
    case "queued":
      return reply
        .code(202)
        .header("retry-after", retryAfter(asked.queued))
        .send(viewQueued({ id: asked.showId, showId: asked.showId }, asked.queued, null));
    case "decided":
      return reply.code(status).send(viewShow(asked.show));
  }
}

type Creation = Static<typeof CreateShowBody>;

function readCreation(body: Creation, faults: Fault[]) {
  const { name, capacity, sections, currency, price } = body;
  const parsed = parseLayout({
    ...(capacity === undefined ? {} : { capacity }),
    ...(sections === undefined ? {} : { sections }),
    ...(currency === undefined ? {} : { currency }),
    ...(price === undefined ? {} : { price }),
  });
  if ("faults" in parsed) faults.push(...parsed.faults);
  const startsAt = readTime("/startsAt", body.startsAt, faults);
  const opensAt = readTime("/opensAt", body.opensAt ?? null, faults);
  const closesAt = readTime("/closesAt", body.closesAt ?? null, faults);
  checkWindow(opensAt, closesAt, faults);
  const rules = readRules(body);
  if (rules.holdMaxMs < rules.holdMs) {
    faults.push({ path: "/holdMaxSeconds", message: "must not be less than holdSeconds" });
  }
  if ("faults" in parsed || startsAt === null || faults.length > 0) return null;
  return { name, startsAt, layout: parsed.layout, rules, opensAt, closesAt };
}

function readRules(body: Creation): ShowRules {
  const usual = DEFAULT_RULES;
  const holdMs = toMs(body.holdSeconds) ?? usual.holdMs;
  return {
    holdMs,
    holdMaxMs: toMs(body.holdMaxSeconds) ?? Math.max(holdMs, usual.holdMaxMs),
    rescueMs: toMs(body.rescueSeconds) ?? usual.rescueMs,
    confirmation: body.confirmation ?? usual.confirmation,
    cancelConfirmed: body.cancelConfirmed ?? usual.cancelConfirmed,
    seatsPerBookingMax: body.maxSeatsPerBooking ?? usual.seatsPerBookingMax,
    seatsPerCustomerMax: body.maxSeatsPerCustomer ?? usual.seatsPerCustomerMax,
    holdsPerCustomerMax: body.maxHoldsPerCustomer ?? usual.holdsPerCustomerMax,
  };
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000;
}

function readTime(path: string, text: string | null, faults: Fault[]): number | null {
  const ms = text === null ? null : parseInstant(text);
  if (text !== null && ms === null) {
    faults.push({ path, message: "must be a day that exists, from 1970 on" });
  }
  return ms;
}

function checkWindow(opensAt: number | null, closesAt: number | null, faults: Fault[]): void {
  if (opensAt !== null && closesAt !== null && closesAt <= opensAt) {
    faults.push({ path: "/closesAt", message: "must be later than opensAt" });
  }
}

function readChanges(body: Static<typeof ChangeShowBody>, faults: Fault[]): ShowChanges {
  const { status: sale, startsAt, opensAt, closesAt, ...same } = body;
  if (Object.keys(body).length === 0) {
    faults.push({ path: "", message: "at least one member must be given" });
  }
  for (const member of ["block", "unblock"] as const) {
    if (same[member] !== undefined && parseRanges(same[member]) === null) {
      const message = "must be seat numbers as ascending ranges, like 1-30,45";
      faults.push({ path: `/${member}`, message });
    }
  }
  const time = (path: string, text: string | null) => readTime(path, text, faults);
  const starts = startsAt === undefined ? null : time("/startsAt", startsAt);
  const opens = time("/opensAt", opensAt ?? null);
  const closes = time("/closesAt", closesAt ?? null);
  checkWindow(opens, closes, faults);
  return {
    ...same,
    ...(sale === undefined ? {} : { sale }),
    ...(starts === null ? {} : { startsAt: starts }),
    ...(opensAt === undefined ? {} : { opensAt: opens }),
    ...(closesAt === undefined ? {} : { closesAt: closes }),
  };
}
