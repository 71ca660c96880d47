/** Which batch a message was decided in, before the database was restored. */
import { expect, test } from "vitest";

import { REDO_MAX, Redo } from "./redo.ts";

const rowOf = (first: number, next: number) => ({
  partition: 0,
  first,
  next,
  now: first,
  tail: "",
});

test("a message belongs to the batch that it was decided in, at its beginning or inside", () => {
  const redo = new Redo([rowOf(5, 7), rowOf(7, 10)]);
  const found = [4, 5, 6, 7, 9, 10].map((next) => redo.at(next)?.first);
  expect(found).toEqual([undefined, 5, 5, 7, 7, undefined]);
  expect(redo.isUsedUp).toBe(false);
});

test("where none is known there is none", () => {
  expect(new Redo([]).at(3)).toBeUndefined();
  expect(new Redo([]).isUsedUp).toBe(false);
});

test("as many as are read at once are used up only behind the last", () => {
  const redo = new Redo(Array.from({ length: REDO_MAX }, (_, index) => rowOf(index, index + 1)));
  expect(redo.at(REDO_MAX - 1)?.first).toBe(REDO_MAX - 1);
  expect(redo.isUsedUp).toBe(false);
  expect(redo.at(REDO_MAX)).toBeUndefined();
  expect(redo.isUsedUp).toBe(true);
});
