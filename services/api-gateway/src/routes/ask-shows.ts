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
import { buildLayout, checkLayout } from "@seatline/shared/contract/layout-notation.ts";
import { DEFAULT_RULES, HOLD_DEFAULT_MS } from "@seatline/shared/contract/values.ts";
import type { ShowRules } from "@seatline/shared/core/model.ts";
import { parseRanges } from "@seatline/shared/core/seats/ranges.ts";
import type { ShowChanges } from "@seatline/shared/core/requests.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import type { FastifyReply } from "fastify";

import { forAdmins, readIdempotencyKey } from "../access.ts";
import { changeShow, createShow } from "../ask-show.ts";
import type { AskedShow } from "../ask-show.ts";
import type { App, AppDeps } from "../deps.ts";
import { buildProblem, describeRefusal } from "../problems.ts";
import { NO_DAY, parseInstant } from "../read.ts";
import { readPatience, sendProblem } from "../replies.ts";
import { Faults } from "../validation.ts";
import { retryAfter, viewQueued, viewShow } from "../views.ts";
import { findByParam } from "./shows.ts";

type Creation = Static<typeof CreateShowBody>;
type Changes = Static<typeof ChangeShowBody>;

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
      attachValidation: true,
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
      const faults = new Faults(request.body, request);
      const key = readIdempotencyKey(request, null, faults);
      const asked = readCreation(request.body, faults);
      if (asked === null) return sendProblem(reply, faults.toProblem());
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
      attachValidation: true,
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
      const faults = new Faults(request.body, request);
      const show = await findByParam(deps.shows, request.params.id);
      if (show !== null) checkPrices(show, faults);
      const changes = readChanges(request.body, faults);
      if (changes === null) return sendProblem(reply, faults.toProblem());
      if (show === null) return sendProblem(reply, buildProblem("show-not-found"));
      const patience = readPatience(request, reply, WAIT_DEFAULT_S);
      return sendShow(reply, await changeShow(deps, { showId: show.id, changes }, patience), 200);
    },
  );
}

/** A show gets its currency when it is created, and keeps it: so this may be said at the door. */
function checkPrices({ layout }: ShowRow, faults: Faults<Changes>): void {
  if (layout.currency !== null) return;
  for (const [index, section] of (faults.sound.sections ?? []).entries()) {
    if (section?.price === undefined) continue;
    const path = `/sections/${index}/price`;
    faults.push({ path, message: "needs a show that has a currency" });
  }
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

/** The show to be created; null where anything is wrong with it. */
function readCreation(body: Creation, faults: Faults<Creation>) {
  const { holdSeconds = HOLD_DEFAULT_MS / 1_000, holdMaxSeconds = null } = faults.sound;
  const check = checkLayout(faults.sound);
  for (const fault of check.faults) faults.push(fault);
  const startsAt = faults.read("startsAt", parseInstant, NO_DAY);
  const window = readWindow(faults);
  if (holdSeconds !== null && holdMaxSeconds !== null && holdMaxSeconds < holdSeconds) {
    faults.push({ path: "/holdMaxSeconds", message: "must not be less than holdSeconds" });
  }
  if (faults.any || startsAt === null) return null;
  const layout = buildLayout(body, check);
  return { name: body.name, startsAt, layout, rules: readRules(body), ...window };
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

/** When the sale opens and closes; null where that is not told, or told to be never. */
function readWindow(faults: Faults<Pick<Creation, "opensAt" | "closesAt">>) {
  const opensAt = faults.read("opensAt", parseInstant, NO_DAY);
  const closesAt = faults.read("closesAt", parseInstant, NO_DAY);
  if (opensAt !== null && closesAt !== null && closesAt <= opensAt) {
    faults.push({ path: "/closesAt", message: "must be later than opensAt" });
  }
  return { opensAt, closesAt };
}

/** What shall change; null where anything is wrong with it. */
function readChanges(body: Changes, faults: Faults<Changes>): ShowChanges | null {
  if (Object.keys(faults.sound).length === 0) {
    faults.push({ path: "", message: "at least one member must be given" });
  }
  for (const member of ["block", "unblock"] as const) {
    faults.read(member, parseRanges, "must be seat numbers as ascending ranges, like 1-30,45");
  }
  const startsAt = faults.read("startsAt", parseInstant, NO_DAY);
  const window = readWindow(faults);
  if (faults.any) return null;
  const { status: sale, startsAt: _, opensAt, closesAt, ...same } = body;
  return {
    ...same,
    ...(sale === undefined ? {} : { sale }),
    ...(startsAt === null ? {} : { startsAt }),
    ...(opensAt === undefined ? {} : { opensAt: window.opensAt }),
    ...(closesAt === undefined ? {} : { closesAt: window.closesAt }),
  };
}
