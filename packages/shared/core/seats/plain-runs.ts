/**
 * The open runs of one line of up to a million seats: a tree that knows, for every stretch of it, how many
 * open seats it begins with, how many it ends with, and its longest run. Finds the first run that is long
 * enough in as many steps as the tree is high. Lives in a memory that somebody else owns.
 */
import { NONE, WORD_BITS, lowestBit, wordAt } from "./seat-bits.ts";

/** Longer runs count as this long: more than any group needs, and no less than the leaves of one parent. */
const RUN_MAX = 64;

export class PlainRuns {
  /** How many words of the memory it takes. */
  readonly words: number;
  /** The line's seats are the bits `first` … `end - 1` of the memory. */
  readonly #first: number;
  readonly #end: number;
  readonly #start: number;
  readonly #leaves: number;

  constructor({ first, end, start }: { first: number; end: number; start: number }) {
    let leaves = 1;
    while (leaves * WORD_BITS < end - first) leaves *= 2;
    this.words = 2 * leaves - 1;
    this.#first = first;
    this.#end = end;
    this.#start = start - 1;
    this.#leaves = leaves;
  }

  /** Takes up that seats changed in the 32 of a leaf. */
  update(memory: Int32Array, leaf: number): void {
    const word = this.#wordOf(memory, leaf);
    let node = this.#leaves + leaf;
    let runs = packRuns(lowestBit(~word), Math.clz32(~word), longestRun(word));
    if (word === -1) runs = packRuns(WORD_BITS, WORD_BITS, WORD_BITS);
    let span = WORD_BITS;
    while (memory[this.#start + node] !== runs) {
      memory[this.#start + node] = runs;
      if (node === 1) return;
      node >>>= 1;
      runs = join(this.#runs(memory, 2 * node), this.#runs(memory, 2 * node + 1), span);
      span = RUN_MAX;
    }
  }

  /** The longest run of the line, RUN_MAX at most. */
  longest(memory: Int32Array): number {
    return bestOf(this.#runs(memory, 1));
  }

  /** The first bit, not below `from`, of the first run of at least `size`, or NONE. */
  find(memory: Int32Array, size: number, from: number): number {
    const first = Math.max(from, this.#first);
    if (first >= this.#end) return NONE;
    const leaf = (first - this.#first) >>> 5;
    const word = this.#wordOf(memory, leaf) & (-1 << ((first - this.#first) & 31));
    const inside = firstRun(word, size);
    if (inside !== NONE) return this.#bitOf(leaf) + inside;
    let carried = Math.clz32(~word);
    let node = this.#leaves + leaf;
    for (;;) {
      while ((node & 1) === 1) node >>>= 1;
      if (node === 0) return NONE;
      node += 1;
      const runs = this.#runs(memory, node);
      if (carried + prefixOf(runs) >= size) return this.#bitOf(this.#leftmost(node)) - carried;
      if (bestOf(runs) >= size) return this.#descend(memory, size, node);
      // Only a leaf can be all open and yet too short.
      carried =
        suffixOf(runs) === WORD_BITS && node >= this.#leaves ? carried + WORD_BITS : suffixOf(runs);
    }
  }

  #descend(memory: Int32Array, size: number, top: number): number {
    let node = top;
    while (node < this.#leaves) {
      node *= 2;
      const left = this.#runs(memory, node);
      if (bestOf(left) >= size) continue;
      node += 1;
      if (suffixOf(left) + prefixOf(this.#runs(memory, node)) < size) continue;
      return this.#bitOf(this.#leftmost(node)) - suffixOf(left);
    }
    const leaf = node - this.#leaves;
    return this.#bitOf(leaf) + firstRun(this.#wordOf(memory, leaf), size);
  }

  #leftmost(node: number): number {
    let left = node;
    while (left < this.#leaves) left *= 2;
    return left - this.#leaves;
  }

  #bitOf(leaf: number): number {
    return this.#first + leaf * WORD_BITS;
  }

  /** The seats of a leaf; what lies past the end of the line is not open. */
  #wordOf(memory: Int32Array, leaf: number): number {
    const bit = this.#bitOf(leaf);
    const word = wordAt(memory, bit);
    const left = this.#end - bit;
    return left >= WORD_BITS ? word : word & ((1 << left) - 1);
  }

  #runs(memory: Int32Array, node: number): number {
    return memory[this.#start + node] ?? 0;
  }
}

/** The first bit of the first run of at least `size` set bits, or NONE. */
function firstRun(word: number, size: number): number {
  if (size > WORD_BITS) return NONE;
  let starts = word;
  // A bit stays if `length` bits from it on are set; doubling the length reaches any size in a few steps.
  for (let length = 1; length < size && starts !== 0;) {
    const step = Math.min(length, size - length);
    starts &= starts >>> step;
    length += step;
  }
  return starts === 0 ? NONE : lowestBit(starts);
}

function longestRun(word: number): number {
  let length = 0;
  for (let rest = word; rest !== 0; rest &= rest << 1) length += 1;
  return length;
}

function join(left: number, right: number, span: number): number {
  const prefix = prefixOf(left) === span ? span + prefixOf(right) : prefixOf(left);
  const suffix = suffixOf(right) === span ? span + suffixOf(left) : suffixOf(right);
  const best = Math.max(bestOf(left), bestOf(right), suffixOf(left) + prefixOf(right));
  return packRuns(prefix, suffix, best);
}

function packRuns(prefix: number, suffix: number, best: number): number {
  const cap = (length: number) => Math.min(length, RUN_MAX);
  return (cap(prefix) << 16) | (cap(suffix) << 8) | cap(best);
}

function prefixOf(runs: number): number {
  return runs >>> 16;
}

function suffixOf(runs: number): number {
  return (runs >>> 8) & 0xff;
}

function bestOf(runs: number): number {
  return runs & 0xff;
}
