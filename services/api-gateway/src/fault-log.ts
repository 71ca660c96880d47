/** What the log is told of requests that cannot be answered as they should. */
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";
import type { FastifyRequest } from "fastify";

/** What is away for the moment makes thousands fail in the same way: one line for so long. */
const TELL_MS = 10_000;

export class FaultLog {
  readonly #log: Log;
  #untold = 0;
  #toldAt = -Infinity;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Tells each bug by itself; of what is only away, how often it made an answer impossible. */
  note(request: FastifyRequest, error: unknown): void {
    const route = request.routeOptions.url;
    const facts = { err: error, requestId: request.id, method: request.method, route };
    if (classifyFault(error) === "bug") {
      this.#log.error(facts, "a request failed");
      return;
    }
    this.#untold += 1;
    const now = performance.now();
    if (now - this.#toldAt < TELL_MS) return;
    this.#log.warn(
      { ...facts, refused: this.#untold },
      "answers are 503: they need a part of the system that is away or too slow for the moment",
    );
    this.#toldAt = now;
    this.#untold = 0;
  }
}
