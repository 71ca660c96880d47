/**
 * What ends when its time comes: a binary heap in which every entry knows its position, so that whatever
 * ends early leaves at once.
 */

export type Deadline = { readonly id: string; readonly at: number; readonly offset: number };

export class DeadlineQueue {
  readonly #heap: Deadline[] = [];
  readonly #positions = new Map<string, number>();

  get size(): number {
    return this.#heap.length;
  }

  get(id: string): Deadline | undefined {
    const position = this.#positions.get(id);
    return position === undefined ? undefined : this.#heap[position];
  }

  first(): Deadline | undefined {
    return this.#heap[0];
  }

  /** Adds an entry, or moves the one of this id. */
  set(entry: Deadline): void {
    const position = this.#positions.get(entry.id) ?? this.#heap.length;
    this.#put(position, entry);
    this.#sink(this.#rise(position));
  }

  delete(id: string): boolean {
    const position = this.#positions.get(id);
    if (position === undefined) return false;
    this.#positions.delete(id);
    const last = this.#heap.pop();
    if (last !== undefined && position < this.#heap.length) {
      this.#put(position, last);
      this.#sink(this.#rise(position));
    }
    return true;
  }

  /** In the order in which they end. */
  entries(): Deadline[] {
    return [...this.#heap].sort(byTime);
  }

  clone(): DeadlineQueue {
    const copy = new DeadlineQueue();
    for (const [position, entry] of this.#heap.entries()) copy.#put(position, entry);
    return copy;
  }

  #put(position: number, entry: Deadline): void {
    this.#heap[position] = entry;
    this.#positions.set(entry.id, position);
  }

  #rise(from: number): number {
    let position = from;
    for (;;) {
      const parent = (position - 1) >> 1;
      if (position === 0 || !this.#swapIfBefore(position, parent)) return position;
      position = parent;
    }
  }

  #sink(from: number): void {
    let position = from;
    for (;;) {
      const left = position * 2 + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, position)) return;
      position = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    return one !== undefined && other !== undefined && byTime(one, other) < 0;
  }

  #swapIfBefore(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined || byTime(one, other) >= 0) return false;
    this.#put(b, one);
    this.#put(a, other);
    return true;
  }
}

/** A total order: equal contents come out alike, whatever their history. */
function byTime(a: Deadline, b: Deadline): number {
  return a.at - b.at || a.offset - b.offset || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
