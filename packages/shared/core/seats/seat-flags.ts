/** One bit per seat: a plain set for what is only ever asked seat by seat. */
import { assert } from "../assert.ts";
import { seatsOf } from "./ranges.ts";

export class SeatFlags {
  /** How many seats there are; they are numbered 1…size. */
  readonly size: number;
  readonly #words: Uint32Array;

  constructor(size: number, words = new Uint32Array((size >>> 5) + 1)) {
    this.size = size;
    this.#words = words;
  }

  has(seat: number): boolean {
    return ((this.#words[seat >>> 5] ?? 0) & (1 << (seat & 31))) !== 0;
  }

  /** Sets or clears the flag of a seat; says whether that changed anything. */
  set(seat: number, flag: boolean): boolean {
    assert(seat >= 1 && seat <= this.size, () => `seat ${seat} is in 1…${this.size}`);
    if (this.has(seat) === flag) return false;
    this.#words[seat >>> 5] = (this.#words[seat >>> 5] ?? 0) ^ (1 << (seat & 31));
    return true;
  }

  /** How many seats below this one have the flag. */
  countBefore(seat: number): number {
    let count = 0;
    const last = seat >>> 5;
    for (let index = 0; index <= last; index++) {
      const word = this.#words[index] ?? 0;
      count += countBits(index === last ? word & ((1 << (seat & 31)) - 1) : word);
    }
    return count;
  }

  /** The seats whose flag is set, ascending. */
  *[Symbol.iterator](): Generator<number> {
    for (const [index, word] of this.#words.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) {
        yield index * 32 + 31 - Math.clz32(rest & -rest);
      }
    }
  }

  clone(): SeatFlags {
    return new SeatFlags(this.size, this.#words.slice());
  }
}

/** The seats of a text of ranges. */
export function flagsOf(ranges: string, size: number): SeatFlags {
  const flags = new SeatFlags(size);
  for (const seat of seatsOf(ranges)) flags.set(seat, true);
  return flags;
}

/** The classic count in parallel: pairs, then fours, then bytes. */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
