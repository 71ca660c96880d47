/**
 * Every way of saying no over HTTP, as problem documents (RFC 9457). A new refusal does not compile
 * until it has a status, a title and an explanation here. Internal text never gets in.
 */
import { unreachable } from "@seatline/shared/core/assert.ts";
import type { RefusalFacts, RefusalReason } from "@seatline/shared/core/model.ts";

import { encodeTime } from "./views.ts";

type ErrorReason =
  | "invalid-request"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "log-incomplete"
  | "unavailable";
export type ProblemReason = RefusalReason | ErrorReason;

type ProblemType = { readonly status: number; readonly title: string; readonly about: string };

export const PROBLEMS = {
  "key-reused": {
    status: 422,
    title: "Idempotency key used before",
    about:
      "This Idempotency-Key was used for another request. Send a new key, or the same request again.",
  },
  "show-not-found": {
    status: 404,
    title: "Show not found",
    about: "There is no show with this id. GET /v1/shows lists them.",
  },
  "show-cancelled": {
    status: 410,
    title: "Show cancelled",
    about: "The show does not take place. Its bookings are cancelled, and it takes no more.",
  },
  "sale-not-open": {
    status: 409,
    title: "Sale not open",
    about: "The sale of this show has not opened yet; `opensAt` says when it does.",
  },
  "sale-closed": {
    status: 409,
    title: "Sale closed",
    about:
      "This show takes no more bookings. What is booked can still be confirmed, extended and cancelled.",
  },
  "booking-not-found": {
    status: 404,
    title: "Booking not found",
    about: "There is no booking with this id.",
  },
  "hold-expired": {
    status: 410,
    title: "Hold expired",
    about: "The booking was not confirmed in time, and has lost its places. Book anew.",
  },
  "booking-not-pending": {
    status: 409,
    title: "Booking not pending",
    about:
      "Only a PENDING booking can be confirmed or extended; a WAITING one can only be cancelled, one that has ended nothing.",
  },
  "seat-unknown": {
    status: 422,
    title: "Unknown seat",
    about:
      "The show has no such seat or section, or the booking does not have it. GET /v1/shows/:id/layout lists them.",
  },
  "too-many-seats": {
    status: 422,
    title: "Too many seats",
    about:
      "One booking of this show can have at most `limit` places, or no show so many; `limitOf` says which. Ask for fewer.",
  },
  "customer-limit-reached": {
    status: 409,
    title: "Customer limit reached",
    about:
      "This show limits what one customer can have; `limitOf`, `limit` and `used` say how. A request must name its customer.",
  },
  "seats-taken": {
    status: 409,
    title: "Seats taken",
    about:
      "At least one of the seats is held, sold or not for sale. Choose others, or ask for a count.",
  },
  "not-enough-together": {
    status: 409,
    title: "Not enough seats together",
    about:
      "The group cannot sit side by side. Ask for smaller groups, or for a count of places anywhere.",
  },
  "not-enough-seats": {
    status: 409,
    title: "Not enough seats",
    about: "Fewer places are free than were asked for. What is held by others may come back.",
  },
  "hold-limit-reached": {
    status: 409,
    title: "Hold limit reached",
    about: "The hold cannot be extended further. Confirm it before `expiresAt`.",
  },
  "cancel-not-allowed": {
    status: 409,
    title: "Cancellation not allowed",
    about: "This show does not take confirmed bookings back.",
  },
  internal: {
    status: 500,
    title: "Internal error",
    about: "A fault of ours. The request was not carried out, and we have been told of it.",
  },
  "invalid-request": {
    status: 400,
    title: "Invalid request",
    about: "The request is not of the form that the route takes; `errors` names each fault.",
  },
  unauthorized: {
    status: 401,
    title: "Unauthorized",
    about: "This route needs the admin token, as `Authorization: Bearer …`.",
  },
  forbidden: { status: 403, title: "Forbidden", about: "The token given does not allow this." },
  "not-found": { status: 404, title: "Not found", about: "There is no such route." },
  "log-incomplete": {
    status: 410,
    title: "Decision log incomplete",
    about:
      "The records of this show's first decisions were older than their retention (RECORDS_RETENTION_DAYS) and are gone.",
  },
  unavailable: {
    status: 503,
    title: "Unavailable",
    about:
      "The request may or may not have been accepted. Send it again after `Retry-After` seconds, with the same Idempotency-Key.",
  },
} as const satisfies Record<ProblemReason, ProblemType>;

export type Fault = { readonly path: string; readonly message: string };

export type Problem = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly reason: ProblemReason;
  readonly detail: string;
  readonly errors?: readonly Fault[];
  readonly booking?: unknown;
  /** The detail once more, where the clients of the older backends look for it. */
  readonly error?: string;
} & Omit<RefusalFacts, "opensAt" | "closesAt"> & {
    /** Times as the API writes them. */
    readonly opensAt?: string;
    readonly closesAt?: string;
  };

type ProblemExtras = {
  readonly detail?: string;
  /** Where a fault has a better status than its reason's, as 413 and 415. */
  readonly status?: number;
  readonly errors?: readonly Fault[];
  readonly facts?: RefusalFacts | null;
  readonly booking?: unknown;
};

/** The problem document for a reason. */
export function buildProblem(reason: ProblemReason, extras: ProblemExtras = {}): Problem {
  const { status, title, about } = PROBLEMS[reason];
  return {
    type: `/problems/${reason}`,
    title,
    status: extras.status ?? status,
    reason,
    detail: extras.detail ?? about,
    ...(extras.errors === undefined ? {} : { errors: extras.errors }),
    ...viewFacts(extras.facts ?? {}),
    ...(extras.booking === undefined ? {} : { booking: extras.booking }),
  };
}

function viewFacts({ opensAt, closesAt, ...facts }: RefusalFacts) {
  return {
    ...facts,
    ...(opensAt === undefined ? {} : { opensAt: encodeTime(opensAt) }),
    ...(closesAt === undefined ? {} : { closesAt: encodeTime(closesAt) }),
  };
}

/** A bad request that several faults were found in; the detail repeats them as one sentence. */
export function buildInvalid(errors: readonly Fault[], status?: number): Problem {
  const detail = errors
    .map(({ path, message }) => `${path.slice(1).replaceAll("/", ".")} ${message}`.trim())
    .join("; ");
  return buildProblem("invalid-request", {
    detail: `${detail}.`,
    errors,
    ...(status === undefined ? {} : { status }),
  });
}

/** What a refusal says to the person who asked, with the numbers of the moment. */
export function describeRefusal(
  reason: RefusalReason,
  facts: RefusalFacts | null,
  asked: number | null,
): string {
  return (facts === null ? null : describeFacts(reason, facts, asked)) ?? PROBLEMS[reason].about;
}

function describeFacts(
  reason: RefusalReason,
  { free, held = 0, seats, sections, opensAt, closesAt, ...limits }: RefusalFacts,
  asked: number | null,
): string | null {
  switch (reason) {
    case "not-enough-seats":
    case "not-enough-together": {
      if (free === undefined || asked === null) return null;
      const back = held === 0 ? "" : ` and ${held} ${isAre(held)} held by others and may come back`;
      const how = reason === "not-enough-together" ? ", but not side by side" : "";
      const were = asked === 1 ? "place was" : "places were";
      return `${asked} ${were} asked for; ${free} ${isAre(free)} free${free >= asked ? how : ""}${back}.`;
    }
    case "seats-taken":
      return seats === undefined ? null : `Not free: ${seats.join(", ")}.`;
    case "seat-unknown": {
      const unknown = [
        ...(seats === undefined
          ? []
          : [`${seats.length === 1 ? "seat" : "seats"} ${seats.join(", ")}`]),
        ...(sections?.map((name) => `section ${JSON.stringify(name)}`) ?? []),
      ];
      return unknown.length === 0 ? null : `Unknown: ${unknown.join(", ")}.`;
    }
    case "sale-not-open":
      return opensAt === undefined ? null : `The sale opens at ${encodeTime(opensAt)}.`;
    case "sale-closed":
      return closesAt === undefined ? null : `The sale closed at ${encodeTime(closesAt)}.`;
    case "too-many-seats":
    case "customer-limit-reached":
      return describeLimit(limits);
    case "key-reused":
    case "show-not-found":
    case "show-cancelled":
    case "booking-not-found":
    case "hold-expired":
    case "booking-not-pending":
    case "hold-limit-reached":
    case "cancel-not-allowed":
    case "internal":
      return null;
    default:
      return unreachable(reason);
  }
}

function describeLimit({ limitOf, limit, used = 0 }: RefusalFacts): string | null {
  switch (limitOf) {
    case "seats-per-booking":
      return `One booking can have at most ${limit} places.`;
    case "seats-per-customer":
      return `One customer can have at most ${limit} places of this show, and this one has ${used}. A request that names no customer gets none.`;
    case "holds-per-customer":
      return `One customer can have at most ${limit} unconfirmed bookings of this show, and this one has ${used}. A request that names no customer gets none.`;
    case "places-per-show":
      return `A show can have at most ${limit} places.`;
    case undefined:
      return null;
    default:
      return unreachable(limitOf);
  }
}

function isAre(count: number): string {
  return count === 1 ? "is" : "are";
}
