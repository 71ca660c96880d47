/** Hands things on in the order in which they came, each a while after it did. */
export class DelayLine<Item> {
  readonly #hand: (item: Item) => void;
  readonly #waiting: { readonly item: Item; readonly dueAt: number }[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(hand: (item: Item) => void) {
    this.#hand = hand;
  }

  push(item: Item, delayMs: number): void {
    if (delayMs === 0 && this.#waiting.length === 0) {
      this.#hand(item);
      return;
    }
    this.#waiting.push({ item, dueAt: performance.now() + delayMs });
    this.#timer ??= setTimeout(() => this.#handDue(), delayMs);
  }

  /** What waits is dropped. */
  close(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  #handDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      // What came later may wait for less, once the delay was changed: it stays behind what came before.
      if (first.dueAt > now) {
        this.#timer = setTimeout(() => this.#handDue(), Math.ceil(first.dueAt - now));
        return;
      }
      this.#waiting.shift();
      this.#hand(first.item);
    }
  }
}
