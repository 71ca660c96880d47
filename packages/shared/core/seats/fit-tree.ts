/**
 * A binary tree over the ranks of a show: a node has every bit that a rank below it has, so the first
 * rank into which a group fits is found in as many steps as the tree is high. Lives in a memory that
 * somebody else owns, and does not know what the bits mean.
 */
import { FIT_WORDS } from "./row-fits.ts";
import { NONE } from "./seat-bits.ts";

export class FitTree {
  /** How many words of the memory it takes. */
  readonly words: number;
  /** Nodes are numbered from 1 at the root; the children of n are 2n and 2n + 1. */
  readonly #leaves: number;
  readonly #start: number;

  constructor(ranks: number, start: number) {
    let leaves = 1;
    while (leaves < ranks) leaves *= 2;
    this.#leaves = leaves;
    this.words = (2 * leaves - 1) * FIT_WORDS;
    this.#start = start - FIT_WORDS;
  }

  /** Gives a rank its bits. */
  set(memory: Int32Array, rank: number, masks: Int32Array): void {
    let node = this.#leaves + rank;
    let at = this.#start + node * FIT_WORDS;
    let difference = 0;
    for (let word = 0; word < FIT_WORDS; word++) {
      const mask = masks[word] ?? 0;
      difference |= mask ^ (memory[at + word] ?? 0);
      memory[at + word] = mask;
    }
    while (difference !== 0 && node > 1) {
      node >>>= 1;
      at = this.#start + node * FIT_WORDS;
      const child = this.#start + 2 * node * FIT_WORDS;
      difference = 0;
      for (let word = 0; word < FIT_WORDS; word++) {
        const mask = (memory[child + word] ?? 0) | (memory[child + FIT_WORDS + word] ?? 0);
        difference |= mask ^ (memory[at + word] ?? 0);
        memory[at + word] = mask;
      }
    }
  }

  /** The first rank that is not below `from` and has the bit, or NONE. */
  find(memory: Int32Array, bit: number, from: number): number {
    if (from >= this.#leaves) return NONE;
    const start = this.#start + (bit >>> 5);
    const mask = 1 << (bit & 31);
    let node = this.#leaves + from;
    while (((memory[start + node * FIT_WORDS] ?? 0) & mask) === 0) {
      // Up from every right child: nothing is left beside it. Then over to the right.
      while ((node & 1) === 1) node >>>= 1;
      if (node === 0) return NONE;
      node += 1;
    }
    while (node < this.#leaves) {
      node *= 2;
      if (((memory[start + node * FIT_WORDS] ?? 0) & mask) === 0) node += 1;
    }
    return node - this.#leaves;
  }
}
