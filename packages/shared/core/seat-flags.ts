/** One bit per seat: a plain set for what is only ever asked seat by seat. */
import { assert } from "./assert.ts";

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
    assert(seat >= 1 && seat <= this.size, `seat ${seat} is in 1…${this.size}`);
    if (this.has(seat) === flag) return false;
    this.#words[seat >>> 5] = (this.#words[seat >>> 5] ?? 0) ^ (1 << (seat & 31));
    return true;
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
