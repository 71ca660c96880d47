/**
 * What is to happen, by its time; of the same moment, what was said first happens first. A binary heap, out of which
 * what was called off is thrown now and then: that is most of what waits.
 */

/** Whom something happens to. What happens to the dead is left out. */
type Living = { readonly isDead: boolean; readonly live: (run: () => void) => void };

type Event = {
  readonly atMs: number;
  /** Null for the world itself. */
  readonly life: Living | null;
  readonly run: () => void;
};

type Entry = Event & { readonly order: number; isOff: boolean };

/** Fewer than these are not worth the trouble. */
const OFF_MIN = 64;

export class EventQueue {
  #heap: Entry[] = [];
  #order = 0;
  /** How many of them were called off, at most. */
  #off = 0;

  /** What is returned calls it off. */
  add(event: Event): () => void {
    const { atMs, life, run } = event;
    const entry: Entry = { atMs, life, run, order: (this.#order += 1), isOff: false };
    this.#push(entry);
    return () => {
      if (entry.isOff) return;
      entry.isOff = true;
      this.#off += 1;
      if (this.#off >= OFF_MIN && 2 * this.#off > this.#heap.length) this.#throwOut();
    };
  }

  /** The next event up to a moment, or null. */
  take(untilMs: number): Event | null {
    for (;;) {
      const [first] = this.#heap;
      if (first === undefined || first.atMs > untilMs) return null;
      this.#pop();
      if (!first.isOff && first.life?.isDead !== true) return first;
    }
  }

  #throwOut(): void {
    const left = this.#heap.filter(({ isOff, life }) => !isOff && life?.isDead !== true);
    // What is in order is a heap as well.
    this.#heap = left.sort((one, other) => (isBefore(one, other) ? -1 : 1));
    this.#off = 0;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || isBefore(above, entry)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const entry = heap.pop();
    if (entry === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child += 1;
      const below = heap[child];
      if (below === undefined || isBefore(entry, below)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
