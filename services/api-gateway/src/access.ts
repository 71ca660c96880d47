/** Who may do what: the admin token, and whom an idempotency key belongs to. */
import { createHash, timingSafeEqual } from "node:crypto";

import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";

import type { IdempotencyKey } from "@seatline/shared/contract/booking-id.ts";
import { UNGUESSABLE_KEY_LENGTH } from "@seatline/shared/contract/http.ts";

import { buildProblem } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { sendProblem } from "./replies.ts";
import type { Faults } from "./validation.ts";

/** `open` is for development: everybody is an admin. */
export type AdminAccess =
  | { readonly kind: "open" }
  | { readonly kind: "token"; readonly token: string };

const KEY = /^[\x21-\x7e]{1,255}$/;

/** Null for an admin, else the problem to answer with. */
export function checkAdmin(access: AdminAccess, request: FastifyRequest): Problem | null {
  if (access.kind === "open") return null;
  const credential = readCredential(request);
  if (credential === null) return buildProblem("unauthorized");
  return timingSafeEqual(digest(credential), digest(access.token))
    ? null
    : buildProblem("forbidden");
}

/**
 * A route for admins: everybody else is kept out before a body is even read, and the description of the
 * API says so. `send` is how the routes of this part send problems.
 */
export function forAdmins<S extends object>(access: AdminAccess, schema: S, send = sendProblem) {
  const onRequest: onRequestAsyncHookHandler = async (request, reply) => {
    const denied = checkAdmin(access, request);
    if (denied !== null) await send(reply, denied);
  };
  return { onRequest, schema: { ...schema, security: [{ admin: [] }] } };
}

/** The idempotency key of a request with its owner; null without one, or with one that is told among the faults. */
export function readIdempotencyKey(
  request: FastifyRequest,
  customer: string | null,
  faults: Faults,
): IdempotencyKey | null {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  const path = "/Idempotency-Key";
  if (typeof key !== "string" || !KEY.test(key)) {
    faults.push({ path, message: "must be 1 to 255 printable characters without spaces" });
    return null;
  }
  const credential = readCredential(request);
  if (credential === null && key.length < UNGUESSABLE_KEY_LENGTH) {
    const message = `must have at least ${UNGUESSABLE_KEY_LENGTH} characters, so that nobody guesses it (a UUID does)`;
    faults.push({ path, message });
    return null;
  }
  const client = credential === null ? (customer ?? "") : digest(credential).toString("hex");
  return { client, key };
}

function readCredential(request: FastifyRequest): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? null;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
