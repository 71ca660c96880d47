/** Planted faults: no bound, no deadline, a place under the bound never given back. */
import { classifyFault } from "@seatline/shared/runtime/faults.ts";
import { HOST } from "@seatline/shared/runtime/host.ts";
import { expect, test } from "vitest";

import { READS_MAX, READ_DEADLINE_MS, Reads } from "./reads.ts";

const never = () => new Promise<never>(() => {});
const faultOf = (read: Promise<unknown>) => read.then(() => null, classifyFault);

test("what is read is given, and what Postgres says is thrown", async () => {
  const reads = new Reads(HOST);
  expect(await reads.run(() => Promise.resolve(7))).toBe(7);
  const refused = Object.assign(new Error("gone"), { code: "57P01" });
  await expect(reads.run(() => Promise.reject(refused))).rejects.toBe(refused);
});

test("nobody waits for longer than the deadline, and an answer that comes then is nobody's", async () => {
  const reads = new Reads(HOST);
  const startedAt = performance.now();
  expect(await faultOf(reads.run(never))).toBe("transient");
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(READ_DEADLINE_MS - 5);
});

test("at the bound a read is refused at once; each that ends makes room for another", async () => {
  const reads = new Reads(HOST);
  const ends: (() => void)[] = [];
  const held = Array.from({ length: READS_MAX }, () =>
    reads.run(() => new Promise<void>((end) => ends.push(end))),
  );
  let tried = false;
  const refused = await faultOf(
    reads.run(() => {
      tried = true;
      return Promise.resolve();
    }),
  );
  expect({ refused, tried }).toEqual({ refused: "transient", tried: false });
  ends[0]?.();
  await held[0];
  expect(await reads.run(() => Promise.resolve("room"))).toBe("room");
  for (const end of ends) end();
  await Promise.all(held);
});

test("while Postgres is away nothing is tried", async () => {
  const reads = new Reads(HOST);
  reads.noteAway(true);
  let tried = false;
  const refused = await faultOf(
    reads.run(() => {
      tried = true;
      return never();
    }),
  );
  expect({ refused, tried }).toEqual({ refused: "transient", tried: false });
  reads.noteAway(false);
  expect(await reads.run(() => Promise.resolve("back"))).toBe("back");
});
