/**
 * Every way of saying no over HTTP, as problem documents (RFC 9457). A new refusal does not compile
 * until it has a status, a title and an explanation here. Internal text never gets in.
 */
import type { RefusalFacts, RefusalReason } from "@seatline/shared/core/model.ts";

export type ErrorReason =
  | "invalid-request"
  | "unauthorized"
  | "forbidden"
  | "not-found"
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
  "booking-not-found": {
    status: 404,
    title: "Booking not found",
    about: "There is no booking with this id.",
  },
  "hold-expired": {
    status: 410,
    title: "Hold expired",
    about: "The booking was not confirmed in time and its seats are free again. Book anew.",
  },
  "booking-not-pending": {
    status: 409,
    title: "Booking not pending",
    about: "Only a PENDING booking can be confirmed or cancelled.",
  },
  "seat-unknown": {
    status: 422,
    title: "Unknown seat",
    about: "The show has no seat with this number. GET /v1/shows/:id says how many there are.",
  },
  "seats-taken": {
    status: 409,
    title: "Seats taken",
    about: "At least one of the seats is held or sold. Choose others, or ask for a count.",
  },
  "not-enough-seats": {
    status: 409,
    title: "Not enough seats",
    about: "Fewer places are free than were asked for. What is held by others may come back.",
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
  readonly free?: number;
  readonly held?: number;
  readonly seats?: readonly number[];
  readonly booking?: unknown;
  /** The detail once more, where the clients of the older backends look for it. */
  readonly error?: string;
};

export type ProblemExtras = {
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
    ...extras.facts,
    ...(extras.booking === undefined ? {} : { booking: extras.booking }),
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
  if (reason === "not-enough-seats" && facts?.free !== undefined && asked !== null) {
    const { free, held = 0 } = facts;
    const back = held === 0 ? "" : ` and ${held} ${isAre(held)} held by others and may come back`;
    return `${asked} ${asked === 1 ? "place was" : "places were"} asked for; ${free} ${isAre(free)} free${back}.`;
  }
  if (reason === "seats-taken" && facts?.seats !== undefined) {
    return `Taken: ${facts.seats.join(", ")}.`;
  }
  if (reason === "seat-unknown" && facts?.seats !== undefined) {
    return `The show has no seat ${facts.seats.join(", ")}.`;
  }
  return PROBLEMS[reason].about;
}

function isAre(count: number): string {
  return count === 1 ? "is" : "are";
}
