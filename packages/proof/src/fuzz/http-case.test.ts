/**
 * The line that repeats a request, as a shell reads it. Planted faults: a quote or a backslash that is not escaped,
 * bytes sent as text.
 */
import { execFileSync } from "node:child_process";

import { expect, it } from "vitest";

import { readOperations } from "./api.ts";
import { encodeCurl, waitOf } from "./http-case.ts";
import type { HttpCase } from "./http-case.ts";

const [operation] = readOperations({ paths: { "/a": { post: { responses: {} } } } });
if (operation === undefined) throw new Error("there is one operation");

function caseOf(parts: Partial<HttpCase>): HttpCase {
  const asked = { index: 0, operation, label: "", isAltered: false, mustRefuse: false };
  return { ...asked, method: "POST", target: "/a", headers: {}, body: null, ...parts } as HttpCase;
}

/** What curl would be told: its arguments, and its input. */
function readShell(line: string): { args: string[]; input: string } {
  const curl = `curl() { printf '%s\\036' "$@"; cat; }; ${line}`;
  const [...args] = execFileSync("bash", ["-c", curl], { input: "" })
    .toString("latin1")
    .split("\u001e");
  const input = args.pop() ?? "";
  return { args, input };
}

it.each<[string, Record<string, string>, string | Uint8Array]>([
  ["/a?b=$HOME&c=`x`", { prefer: "wait=1", "x-a": "" }, '{"a":"$1"}'],
  ["/a'b\\c\"d", { "x-a": "it's \\ é" }, "it's"],
  ["/a%00", {}, Buffer.from([0, 255, 39, 10, 13])],
  ["/a*{b}[c]", { cookie: "!a" }, '{"name":"\u0007🎭"}'],
])("repeats a request to %s", (target, headers, body) => {
  const { args, input } = readShell(encodeCurl("http://x", caseOf({ target, headers, body })));
  const told = Object.entries(headers).map(([name, value]) =>
    value === "" ? `${name};` : `${name}: ${value}`,
  );
  const at = args.indexOf("--data-binary");
  expect(args.filter((_, index) => args[index - 1] === "-H")).toEqual(told);
  expect(args[at - 1]).toBe(`http://x${target}`);
  const sent = args[at + 1] === "@-" ? input : args[at + 1];
  expect(sent).toBe(Buffer.from(body).toString("latin1"));
});

it("knows how long an answer may rightly take", () => {
  expect(waitOf({ method: "GET", headers: {} })).toBe(0);
  expect(waitOf({ method: "POST", headers: {} })).toBe(10_000);
  expect(waitOf({ method: "GET", headers: { prefer: "respond-async, wait=2" } })).toBe(2_000);
  expect(waitOf({ method: "GET", headers: { prefer: "wait=999999" } })).toBe(30_000);
});
