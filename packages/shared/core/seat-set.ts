/**
 * The taken seats of a show as a bitset with summaries above it: a set bit on one level says that
 * the word below is full. Finding the next free seat therefore costs a handful of word operations,
 * on a hundred seats as on a million.
 */
import { assert } from "./assert.ts";

const WORD_BITS = 32;
const FULL = 0xffff_ffff;

export class SeatSet {
  /** How many seats there are; they are numbered 1…size. */
  readonly size: number;
  readonly #levels: readonly Uint32Array[];

  constructor(size: number) {
    this.size = size;
    const levels: Uint32Array[] = [];
    let bits = size;
    do {
      const words = new Uint32Array(Math.ceil(bits / WORD_BITS));
      // Bits past the end count as taken, so that the last word can become full like any other.
      const rest = bits % WORD_BITS;
      if (rest !== 0) words[words.length - 1] = (FULL << rest) >>> 0;
      levels.push(words);
      bits = words.length;
    } while (bits > 1);
    this.#levels = levels;
  }

  has(seat: number): boolean {
    const bit = this.#bitOf(seat);
    return (this.#word(0, bit >>> 5) & (1 << (bit & 31))) !== 0;
  }

  /** Marks a free seat as taken. */
  add(seat: number): void {
    assert(!this.has(seat), `seat ${seat} is taken already`);
    let bit = this.#bitOf(seat);
    for (const words of this.#levels) {
      const index = bit >>> 5;
      const word = ((words[index] ?? 0) | (1 << (bit & 31))) >>> 0;
      words[index] = word;
      if (word !== FULL) return;
      bit = index;
    }
  }

  /** Marks a taken seat as free. */
  delete(seat: number): void {
    assert(this.has(seat), `seat ${seat} is not taken`);
    let bit = this.#bitOf(seat);
    for (const words of this.#levels) {
      const index = bit >>> 5;
      const word = words[index] ?? 0;
      words[index] = (word & ~(1 << (bit & 31))) >>> 0;
      if (word !== FULL) return;
      bit = index;
    }
  }

  /** The lowest free seat that is not below `from`, or null. */
  nextFree(from: number): number | null {
    if (from > this.size) return null;
    let bit = this.#bitOf(from);
    for (let level = 0; level < this.#levels.length; level++) {
      const index = bit >>> 5;
      const open = (~this.#word(level, index) & (FULL << (bit & 31))) >>> 0;
      if (open !== 0) return this.#descend(level, index * WORD_BITS + lowestBit(open));
      bit = index + 1;
      if (bit >= (this.#levels[level]?.length ?? 0)) return null;
    }
    return null;
  }

  /** An independent copy. */
  clone(): SeatSet {
    const copy = new SeatSet(this.size);
    for (const [level, words] of this.#levels.entries()) copy.#levels[level]?.set(words);
    return copy;
  }

  #descend(level: number, bit: number): number {
    let found = bit;
    for (let below = level - 1; below >= 0; below--) {
      found = found * WORD_BITS + lowestBit(~this.#word(below, found) >>> 0);
    }
    return found + 1;
  }

  #bitOf(seat: number): number {
    assert(seat >= 1 && seat <= this.size, `seat ${seat} is not in 1…${this.size}`);
    return seat - 1;
  }

  #word(level: number, index: number): number {
    return this.#levels[level]?.[index] ?? FULL;
  }
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
