/**
 * Seats as bits of a memory that somebody else owns, with summaries above them: a set bit on one level
 * says that the word below is not empty. Finding the next seat therefore costs a handful of word
 * operations, on a hundred seats as on a million. Knows nothing of rows and sections.
 */

/** What a search answers when there is nothing; greater than whatever can be found. */
export const NONE = 0x7fff_ffff;
export const WORD_BITS = 32;

export class SeatBits {
  /** How many words it takes, the first ones of the memory; the seats themselves come first. */
  readonly words: number;
  /** Where each level begins; one more entry ends the last. */
  readonly #starts: readonly number[];

  constructor(size: number) {
    const starts = [0];
    let [bits, words] = [size, 0];
    do {
      bits = Math.max(1, Math.ceil(bits / WORD_BITS));
      words += bits;
      starts.push(words);
    } while (bits > 1);
    this.words = words;
    this.#starts = starts;
  }

  add(memory: Int32Array, seatBit: number): void {
    let bit = seatBit;
    for (let level = 0; level < this.#starts.length - 1; level++) {
      const index = (this.#starts[level] ?? 0) + (bit >>> 5);
      const word = memory[index] ?? 0;
      memory[index] = word | (1 << (bit & 31));
      if (word !== 0) return;
      bit >>>= 5;
    }
  }

  delete(memory: Int32Array, seatBit: number): void {
    let bit = seatBit;
    for (let level = 0; level < this.#starts.length - 1; level++) {
      const index = (this.#starts[level] ?? 0) + (bit >>> 5);
      const word = (memory[index] ?? 0) & ~(1 << (bit & 31));
      memory[index] = word;
      if (word !== 0) return;
      bit >>>= 5;
    }
  }

  /** The lowest set bit that is not below `from`, or NONE. */
  next(memory: Int32Array, from: number): number {
    let bit = from;
    for (let level = 0; level < this.#starts.length - 1; level++) {
      const index = (this.#starts[level] ?? 0) + (bit >>> 5);
      if (index >= (this.#starts[level + 1] ?? 0)) return NONE;
      const word = (memory[index] ?? 0) & (-1 << (bit & 31));
      if (word !== 0) return this.#descend(memory, level, (bit & ~31) + lowestBit(word));
      bit = (bit >>> 5) + 1;
    }
    return NONE;
  }

  #descend(memory: Int32Array, level: number, bit: number): number {
    let found = bit;
    for (let below = level - 1; below >= 0; below--) {
      const word = memory[(this.#starts[below] ?? 0) + found] ?? 0;
      found = found * WORD_BITS + lowestBit(word);
    }
    return found;
  }
}

export function isSet(memory: Int32Array, bit: number): boolean {
  return ((memory[bit >>> 5] ?? 0) & (1 << (bit & 31))) !== 0;
}

/** The 32 bits from `bit` on, the first one lowest. */
export function wordAt(memory: Int32Array, bit: number): number {
  const [index, shift] = [bit >>> 5, bit & 31];
  const low = memory[index] ?? 0;
  if (shift === 0) return low;
  return (low >>> shift) | ((memory[index + 1] ?? 0) << (WORD_BITS - shift));
}

/** The lowest set bit in `from` … `end - 1`, or `end`. For short ways only: it looks at every word. */
export function nextSet(memory: Int32Array, from: number, end: number): number {
  if (from >= end) return end;
  let index = from >>> 5;
  let word = (memory[index] ?? 0) & (-1 << (from & 31));
  while (word === 0) {
    index += 1;
    if (index * WORD_BITS >= end) return end;
    word = memory[index] ?? 0;
  }
  return Math.min(end, index * WORD_BITS + lowestBit(word));
}

/** The lowest clear bit in `from` … `end - 1`, or `end`. For short ways only. */
export function nextClear(memory: Int32Array, from: number, end: number): number {
  if (from >= end) return end;
  let index = from >>> 5;
  let word = ~(memory[index] ?? 0) & (-1 << (from & 31));
  while (word === 0) {
    index += 1;
    if (index * WORD_BITS >= end) return end;
    word = ~(memory[index] ?? 0);
  }
  return Math.min(end, index * WORD_BITS + lowestBit(word));
}

/** The place of the lowest set bit of a word that is not 0. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
