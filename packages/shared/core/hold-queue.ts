/**
 * The live holds of a show by expiry: a binary heap that forgets lazily. A hold that was confirmed
 * or cancelled stays in the heap until its time comes; whoever asks passes a test for liveness.
 */

type Hold = { readonly bookingId: string; readonly expiresAt: number };

export class HoldQueue {
  readonly #heap: Hold[] = [];

  push(hold: Hold): void {
    const heap = this.#heap;
    heap.push(hold);
    let index = heap.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#expiresAt(parent) <= hold.expiresAt) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** The ids of all holds with `expiresAt <= time`, in no order, dead ones included. Changes nothing. */
  due(time: number): string[] {
    const ids: string[] = [];
    const open = [0];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const hold = this.#heap[index];
      if (hold === undefined || hold.expiresAt > time) continue;
      ids.push(hold.bookingId);
      open.push(index * 2 + 1, index * 2 + 2);
    }
    return ids;
  }

  /** Drops dead holds from the front: those of which `isLive` says no. */
  trim(isLive: (bookingId: string, expiresAt: number) => boolean): void {
    let front = this.#heap[0];
    while (front !== undefined && !isLive(front.bookingId, front.expiresAt)) {
      this.#removeFront();
      front = this.#heap[0];
    }
  }

  clone(): HoldQueue {
    const copy = new HoldQueue();
    // Not `push(...heap)`: a large show has more holds than a call may have arguments.
    for (const hold of this.#heap) copy.#heap.push(hold);
    return copy;
  }

  #removeFront(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    let index = 0;
    for (;;) {
      const left = index * 2 + 1;
      if (left >= heap.length) return;
      const child = this.#expiresAt(left + 1) < this.#expiresAt(left) ? left + 1 : left;
      if (last.expiresAt <= this.#expiresAt(child)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #expiresAt(index: number): number {
    return this.#heap[index]?.expiresAt ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [holdA, holdB] = [this.#heap[a], this.#heap[b]];
    if (holdA === undefined || holdB === undefined) return;
    this.#heap[a] = holdB;
    this.#heap[b] = holdA;
  }
}
