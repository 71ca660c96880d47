/** What an error means. The table of codes is the contract: each of its lines stands here again. */
import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded } from "kafkajs";
import { describe, expect, it } from "vitest";

import { AssertionError } from "../core/assert.ts";
import { ConfigError } from "./config.ts";
import { classifyFault, nameServer } from "./faults.ts";
import type { FaultKind } from "./faults.ts";

function withCode(code: string): Error {
  return Object.assign(new Error("it failed"), { code });
}

const CODES: readonly (readonly [FaultKind, readonly string[]])[] = [
  ["transient", ["08000", "08003", "08006", "57P01", "57P02", "57P03", "57P05", "53300", "40001"]],
  ["transient", ["40P01", "55P03", "25P03", "25006"]],
  ["transient", ["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN"]],
  ["transient", ["CONNECT_TIMEOUT", "CONNECTION_CLOSED", "CONNECTION_ENDED", "EHOSTUNREACH"]],
  ["transient", ["READ_REFUSED", "ECONNABORTED", "EHOSTDOWN", "ENETDOWN", "ENETUNREACH"]],
  ["exhausted", ["53000", "53100", "53200", "58030", "EMFILE", "ENFILE"]],
  ["too-slow", ["57014"]],
  ["data", ["54000", "54001", "22001", "22003", "22P02", "22P05", "23502", "23505", "23514"]],
  ["bug", ["42601", "42P01", "42703", "XX000", "0A000", "SL001", "P0001", "28P01", "3D000", ""]],
  ["bug", ["ERR_INVALID_ARG_TYPE", "ERR_ASSERTION", "UNSAFE_TRANSACTION"]],
];

describe("classifyFault", () => {
  it.each(CODES.flatMap(([kind, codes]) => codes.map((code) => ({ kind, code }))))(
    "takes $code for $kind",
    ({ kind, code }) => {
      expect(classifyFault(withCode(code))).toBe(kind);
    },
  );

  it("takes what kafkajs throws for transient", () => {
    const refused = new KafkaJSConnectionError("refused", { broker: "b", code: "ECONNREFUSED" });
    const cause = { retryCount: 5, retryTime: 100 };
    expect(classifyFault(refused)).toBe("transient");
    expect(classifyFault(new KafkaJSNumberOfRetriesExceeded(refused, cause))).toBe("transient");
  });

  it("knows who threw it", () => {
    const refused = new KafkaJSConnectionError("refused", { broker: "b", code: "ECONNREFUSED" });
    expect(nameServer(refused)).toBe("the broker");
    expect(nameServer(withCode("ECONNREFUSED"))).toBe("Postgres");
  });

  it.each([
    new TypeError("x is not a function"),
    new RangeError("out of it"),
    new AssertionError("free + held + confirmed"),
    new ConfigError(["wrong"]),
    new Error("who knows"),
    "a string",
    undefined,
    null,
    { code: "40001" },
  ])("takes %s for a bug: bugs are not retried", (error) => {
    expect(classifyFault(error)).toBe("bug");
  });
});
