/**
 * Assertions for bugs. What fails here is a mistake of ours, never of a caller: nobody catches it
 * (with one exception, around a single decision), and the process ends.
 */

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/**
 * Throws an AssertionError unless `fact` holds; `message` says what should have been true. It is a function where
 * it has to be put together for every seat: to do that costs more than what it guards.
 */
export function assert(fact: boolean, message: string | (() => string)): asserts fact {
  if (!fact) throw new AssertionError(typeof message === "string" ? message : message());
}

/** Stands where the types say that no case is left. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
