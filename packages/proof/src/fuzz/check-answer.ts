/** What must hold of every answer, whatever was asked. Pure. */
import { waitOf } from "./http-case.ts";
import type { HttpCase } from "./http-case.ts";

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Until the head of the answer was there. */
  readonly ms: number;
};

/** An answer that takes longer, apart from a wait that was asked for, is a fault: several times any deadline of the gateway. */
const SLOW_MS = 10_000;
const PROBLEM = "application/problem+json";
/** The classic routes may answer so where a decision takes too long; their description cannot say it. */
const CLASSIC_QUEUED = 202;

/** Why the answer is a fault; null where it is fine. */
export function findAnswerFault(asked: HttpCase, answer: Answer): string | null {
  const { status, headers, ms } = answer;
  if (status >= 500 && !isDeliberate(asked, answer)) return `answered ${status}`;
  if (ms > SLOW_MS + waitOf(asked)) return `answered after ${Math.round(ms)} ms`;
  if (headers["x-request-id"] === undefined) return "the answer has no X-Request-Id";
  if (asked.method === "HEAD") return null;
  if (status === 503 && isDescribed(asked, status)) return findSuccessFault(asked, answer);
  if (status >= 400) return asked.method === "OPTIONS" ? null : findProblemFault(status, answer);
  if (asked.mustRefuse) return `accepted with ${status}, though its description refuses it`;
  if (asked.isAltered) return null;
  return findSuccessFault(asked, answer);
}

/** A refusal for lack of room or of a part, with the time after which to come again; or a probe's very answer. */
function isDeliberate(asked: HttpCase, { status, headers }: Answer): boolean {
  return status === 503 && (headers["retry-after"] !== undefined || isDescribed(asked, status));
}

function isDescribed({ operation, isAltered }: HttpCase, status: number): boolean {
  return !isAltered && operation.statuses.includes(String(status));
}

export function findProblemFault(
  status: number,
  { headers, text }: Omit<Answer, "ms">,
): string | null {
  if (!String(headers["content-type"]).startsWith(PROBLEM)) {
    return `answered ${status} as ${String(headers["content-type"])}, not as a problem`;
  }
  const problem = parseJson(text);
  if (typeof problem !== "object" || problem === null) return `the problem is no JSON: ${text}`;
  const { type, title, status: told, reason, detail, errors } = problem as Record<string, unknown>;
  const isWhole = [type, title, reason, detail].every((it) => typeof it === "string" && it !== "");
  if (!isWhole || told !== status || type !== `/problems/${String(reason)}`) {
    return `the problem is not of the documented form: ${text.slice(0, 300)}`;
  }
  return reason !== "invalid-request" || errors === undefined || isFaultList(errors)
    ? null
    : `the errors of the problem are not of the documented form: ${text.slice(0, 300)}`;
}

function isFaultList(errors: unknown): boolean {
  return (
    Array.isArray(errors) &&
    errors.every(
      (it: { path?: unknown; message?: unknown } | null) =>
        typeof it?.path === "string" && typeof it.message === "string",
    )
  );
}

function findSuccessFault(
  { operation, method }: HttpCase,
  { status, headers, text }: Answer,
): string | null {
  if (operation.method !== method) return null;
  const isKnown = operation.statuses.includes(String(status));
  if (!isKnown) {
    return operation.isClassic && status === CLASSIC_QUEUED
      ? null
      : `answered ${status}, which is not described`;
  }
  if (status === 304) return text === "" ? null : "a 304 with a body";
  const type = String(headers["content-type"]).split(";")[0] ?? "";
  const body = type === "application/json" ? parseJson(text) : text;
  return operation.findFault(status, type, body);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
