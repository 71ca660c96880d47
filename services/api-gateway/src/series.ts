/** Figures by offset, of which the sum before any offset is asked for again and again. */

type Item = { readonly offset: number; sum: number };

export class Series {
  /** Ascending by offset; `sum` is of everything up to and with the item, since the beginning. */
  #items: Item[] = [];
  #head = 0;
  /** What was trimmed. */
  #gone = 0;

  get isEmpty(): boolean {
    return this.#head === this.#items.length;
  }

  add(offset: number, figure: number): void {
    const index = this.#find(offset);
    const before = this.#items[index - 1]?.sum ?? this.#gone;
    this.#items.splice(index, 0, { offset, sum: before + figure });
    for (const item of this.#items.slice(index + 1)) item.sum += figure;
  }

  /** Of everything that was not trimmed and stands before `offset`. */
  sumBefore(offset: number): number {
    const index = this.#find(offset);
    return index <= this.#head ? 0 : (this.#items[index - 1]?.sum ?? 0) - this.#gone;
  }

  trim(next: number): void {
    for (;;) {
      const first = this.#items[this.#head];
      if (first === undefined || first.offset >= next) break;
      this.#gone = first.sum;
      this.#head += 1;
    }
    if (this.#head * 2 <= this.#items.length) return;
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }

  /** The first item not before `offset`. */
  #find(offset: number): number {
    let [low, high] = [this.#head, this.#items.length];
    if (offset > (this.#items[high - 1]?.offset ?? -1)) return high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.offset ?? 0) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
