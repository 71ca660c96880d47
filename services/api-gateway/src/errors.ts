/** Whatever goes wrong on the way to or out of a route becomes a problem document, and one line in the log. */
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";

import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import type { App } from "./deps.ts";
import { FaultLog } from "./fault-log.ts";
import { buildInvalid, buildProblem } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { sendProblem } from "./replies.ts";
import { describeFaults } from "./validation.ts";

/** The code of an error for a body whose bytes are no text as we read it. */
export const BODY_ENCODING = "SEATLINE_BODY_ENCODING";

/** Answers what a route throws, and what names no route, with a problem. */
export function registerErrorHandling(app: App, log: Log): void {
  registerFaultHandling(app, log, sendProblem);
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) =>
    sendProblem(
      reply,
      buildProblem("not-found", {
        detail: `There is no route ${request.method} ${request.url.split("?")[0]}. /docs lists them all.`,
      }),
    ),
  );
}

/** Answers what a route throws; `send` is how the routes of this part send problems. */
export function registerFaultHandling(app: App, log: Log, send: typeof sendProblem): void {
  const faults = new FaultLog(log);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = describeError(error);
    if (problem.status >= 500) faults.note(request, error);
    return send(reply, problem);
  });
}

/** A path that no route can even be looked up for. No hook has run, so the id is set here. */
export function sendFrameworkError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void sendProblem(reply.header("x-request-id", request.id), describeError(error));
}

/** Bytes that are no HTTP request: answered on the bare socket, as no route will ever see them. */
export function sendClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const overflow = error.code === "HPE_HEADER_OVERFLOW";
  const timeout = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
  const status = overflow ? 431 : timeout ? 408 : 400;
  const detail = overflow
    ? "The headers are too large."
    : timeout
      ? "The request did not arrive in time."
      : "This is no HTTP request.";
  const problem = buildProblem("invalid-request", { status, detail });
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nX-Request-Id: ${crypto.randomUUID()}\r\n` +
      `Connection: close\r\n\r\n${body}`,
  );
}

/** The problem that an error is answered with. */
function describeError(error: FastifyError): Problem {
  if (error.validation !== undefined) {
    return buildInvalid(describeFaults(error.validation as Parameters<typeof describeFaults>[0]));
  }
  switch (error.code) {
    case BODY_ENCODING:
      return buildInvalid([{ path: "", message: "the body must be UTF-8, sent as it is" }], 415);
    case "FST_ERR_CTP_INVALID_JSON_BODY":
    case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
      return buildInvalid([{ path: "", message: "the body must be valid JSON" }]);
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return buildInvalid([{ path: "", message: "the body is larger than this route takes" }], 413);
    case "FST_ERR_BAD_URL":
      return buildInvalid([{ path: "", message: "the path must be percent-encoded UTF-8" }]);
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return buildInvalid(
        [{ path: "", message: "the body must be sent as application/json" }],
        415,
      );
    default:
  }
  if (error instanceof SyntaxError) {
    // What the parser refuses for safety is valid JSON all the same.
    const isForbidden = error.message.includes("forbidden prototype property");
    const message = isForbidden
      ? "the body must have no member called __proto__ or constructor"
      : "the body must be valid JSON";
    return buildInvalid([{ path: "", message }]);
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return buildInvalid(
      [{ path: "", message: "the request is not of a form that is taken here" }],
      error.statusCode,
    );
  }
  return classifyFault(error) === "bug" ? buildProblem("internal") : buildUnavailableRead();
}

function buildUnavailableRead(): Problem {
  return buildProblem("unavailable", {
    detail: "This answer needs a part of the system that is away for the moment. Ask again soon.",
  });
}
