/** Who may do what: the admin token, and whom an idempotency key belongs to. */
import { createHash, timingSafeEqual } from "node:crypto";

import type { FastifyRequest, onRequestAsyncHookHandler } from "fastify";

import { UNGUESSABLE_KEY_LENGTH } from "@seatline/shared/contract/http.ts";

import { buildProblem } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { sendProblem } from "./replies.ts";

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

/** A hook that keeps everybody but admins out, before their body is even read. */
export function requireAdmin(access: AdminAccess, send = sendProblem): onRequestAsyncHookHandler {
  return async (request, reply) => {
    const denied = checkAdmin(access, request);
    if (denied !== null) await send(reply, denied);
  };
}

/** The idempotency key of a request with its owner, null without one, or what is wrong with it. */
export function readIdempotencyKey(
  request: FastifyRequest,
  customer: string | null,
): { client: string; key: string } | null | { fault: string } {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return null;
  if (typeof key !== "string" || !KEY.test(key)) {
    return { fault: "must be 1 to 255 printable characters without spaces" };
  }
  const credential = readCredential(request);
  if (credential === null && key.length < UNGUESSABLE_KEY_LENGTH) {
    return {
      fault: `must have at least ${UNGUESSABLE_KEY_LENGTH} characters, so that nobody guesses it (a UUID does)`,
    };
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
