/**
 * Which group sizes fit into a row, and how well: one bit per size for each of four levels. Looks at the
 * row's open runs alone; where in the row a group would sit is not answered here.
 */
import { nextClear, nextSet } from "./seat-bits.ts";

/** Most places in a group, and in all groups of a want. */
export const GROUP_SIZE_MAX = 50;

/** How well a group fits at the worst; each level takes in the ones before it. */
export const FIT = {
  /** In one block, with no single seat stranded. */
  clean: 0,
  /** In one block. */
  inside: 1,
  /** In one block, or across an aisle with no single seat stranded. */
  acrossClean: 2,
  /** On consecutive seats. */
  any: 3,
} as const;
export type FitLevel = (typeof FIT)[keyof typeof FIT];
export const FIT_LEVELS: readonly FitLevel[] = [FIT.clean, FIT.inside, FIT.acrossClean, FIT.any];

/** Two words for each level. */
export const FIT_WORDS = 8;

/** The bit, counted through the words of all levels, that says whether a size fits at a level. */
export function fitBit(level: FitLevel, size: number): number {
  return level * 64 + size - 1;
}

/** The sizes 1…n as bits, in two words. */
const UP_TO_LOW = Int32Array.from({ length: GROUP_SIZE_MAX + 1 }, (_, n) =>
  n >= 32 ? -1 : (1 << n) - 1,
);
const UP_TO_HIGH = Int32Array.from({ length: GROUP_SIZE_MAX + 1 }, (_, n) =>
  n <= 32 ? 0 : (1 << (n - 32)) - 1,
);
const ALL_HIGH = UP_TO_HIGH[GROUP_SIZE_MAX] ?? 0;

/** An open row: seats `first` … `end - 1` as bits of the memory, and the ends of its blocks by offset. */
export type RowBits = {
  readonly first: number;
  readonly end: number;
  readonly blockEnds: Int32Array;
};

/** A place to work out one row at a time, used again for the next. */
export class RowFits {
  readonly masks = new Int32Array(FIT_WORDS);
  /** The lengths of the run at hand in each block that it touches. */
  readonly #parts: number[] = [];

  /** The fits of a line without rules, by its longest run. */
  setLine(longest: number): void {
    this.masks.fill(0);
    for (const level of FIT_LEVELS) this.#addUpTo(level, longest);
  }

  setRow(memory: Int32Array, { first, end, blockEnds }: RowBits): void {
    this.masks.fill(0);
    let from = nextSet(memory, first, end);
    while (from < end) {
      const runEnd = nextClear(memory, from, end);
      this.#addRun(from - first, runEnd - first, blockEnds);
      from = nextSet(memory, runEnd, end);
    }
    // Levels take in the ones before them.
    for (let word = 2; word < FIT_WORDS; word++) {
      this.masks[word] = (this.masks[word] ?? 0) | (this.masks[word - 2] ?? 0);
    }
  }

  #addRun(start: number, end: number, blockEnds: Int32Array): void {
    const firstEnd = blockEnds[start] ?? end;
    if (firstEnd >= end) {
      this.#addPart(end - start);
      return;
    }
    this.#addUpTo(FIT.any, end - start);
    const parts = this.#parts;
    parts.length = 0;
    for (let offset = start; offset < end;) {
      const partEnd = Math.min(end, blockEnds[offset] ?? end);
      parts.push(partEnd - offset);
      this.#addPart(partEnd - offset);
      offset = partEnd;
    }
    for (let left = 0; left < parts.length - 1; left++) {
      if (!this.#addAcross(left)) return;
    }
  }

  /** A group in one block: leaving exactly one seat strands it, two or more need not. */
  #addPart(length: number): void {
    this.#addUpTo(FIT.inside, length);
    this.#addUpTo(FIT.clean, length - 2);
    this.#addRange(FIT.clean, length, length);
  }

  /**
   * The groups that begin in the part `left` and end in a later one. At either end they take the whole part or
   * leave at least two seats of it. False as soon as every size is known to fit.
   */
  #addAcross(left: number): boolean {
    const parts = this.#parts;
    const a = parts[left] ?? 0;
    let between = 0;
    for (let right = left + 1; right < parts.length; right++) {
      const b = parts[right] ?? 0;
      // From both some, from both all, from one all and from the other some.
      if (a > 2 && b > 2) this.#addRange(FIT.acrossClean, between + 2, between + a + b - 4);
      this.#addRange(FIT.acrossClean, between + a + b, between + a + b);
      this.#addRange(FIT.acrossClean, between + a + 1, between + a + b - 2);
      this.#addRange(FIT.acrossClean, between + b + 1, between + a + b - 2);
      between += b;
      if (between + 2 > GROUP_SIZE_MAX) break;
    }
    const word = FIT.acrossClean * 2;
    return ((this.masks[word] ?? 0) | 1) !== -1 || this.masks[word + 1] !== ALL_HIGH;
  }

  #addUpTo(level: FitLevel, size: number): void {
    if (size < 1) return;
    const last = Math.min(size, GROUP_SIZE_MAX);
    const word = level * 2;
    this.masks[word] = (this.masks[word] ?? 0) | (UP_TO_LOW[last] ?? 0);
    this.masks[word + 1] = (this.masks[word + 1] ?? 0) | (UP_TO_HIGH[last] ?? 0);
  }

  #addRange(level: FitLevel, first: number, end: number): void {
    const last = Math.min(end, GROUP_SIZE_MAX);
    if (first > last) return;
    const word = level * 2;
    const low = (UP_TO_LOW[last] ?? 0) & ~(UP_TO_LOW[first - 1] ?? 0);
    const high = (UP_TO_HIGH[last] ?? 0) & ~(UP_TO_HIGH[first - 1] ?? 0);
    this.masks[word] = (this.masks[word] ?? 0) | low;
    this.masks[word + 1] = (this.masks[word + 1] ?? 0) | high;
  }
}
