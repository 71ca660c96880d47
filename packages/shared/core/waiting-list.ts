/**
 * The bookings of a show that wait for places, in the order of their own places in the line. Those who
 * would accept the same are of one kind: where one of them does not fit, none does.
 */
import { assert } from "./assert.ts";

export type Waiting = { readonly id: string; readonly offset: number; readonly kind: string };

export class WaitingList {
  readonly #members = new Map<string, Waiting>();
  /** Of each kind, ascending by offset. */
  readonly #byKind = new Map<string, Waiting[]>();

  get size(): number {
    return this.#members.size;
  }

  get kinds(): number {
    return this.#byKind.size;
  }

  has(id: string): boolean {
    return this.#members.has(id);
  }

  hasKind(kind: string): boolean {
    return this.#byKind.has(kind);
  }

  add(member: Waiting): void {
    assert(!this.#members.has(member.id), `booking ${member.id} does not wait yet`);
    this.#members.set(member.id, member);
    const queue = this.#byKind.get(member.kind) ?? [];
    this.#byKind.set(member.kind, queue);
    queue.splice(positionOf(queue, member.offset), 0, member);
  }

  delete(id: string): boolean {
    const member = this.#members.get(id);
    if (member === undefined) return false;
    this.#members.delete(id);
    const queue = this.#byKind.get(member.kind) ?? [];
    queue.splice(positionOf(queue, member.offset), 1);
    if (queue.length === 0) this.#byKind.delete(member.kind);
    return true;
  }

  /** Where a booking stands: 1 is served first. */
  rankOf(id: string): number | null {
    const member = this.#members.get(id);
    if (member === undefined) return null;
    let before = 0;
    for (const queue of this.#byKind.values()) before += positionOf(queue, member.offset);
    return before + 1;
  }

  /** In the order of their places. */
  ids(): string[] {
    return [...this.#members.values()].sort((a, b) => a.offset - b.offset).map(({ id }) => id);
  }

  walk(): Walk {
    return new Walk(this.#byKind);
  }

  clone(): WaitingList {
    const copy = new WaitingList();
    for (const member of this.#members.values()) copy.#members.set(member.id, member);
    for (const [kind, queue] of this.#byKind) copy.#byKind.set(kind, [...queue]);
    return copy;
  }
}

type Head = { readonly queue: readonly Waiting[]; index: number };

/** Once through the list, kind by kind together, always on to the lowest place. */
class Walk {
  /** The next of each kind that was not given up. */
  readonly #heads: Head[];
  #last: Head | undefined;

  constructor(byKind: ReadonlyMap<string, readonly Waiting[]>) {
    this.#heads = [...byKind.values()].map((queue) => ({ queue, index: 0 }));
  }

  /** The id of the next who waits; say of each what became of it before asking again. */
  next(): string | undefined {
    let first: Head | undefined;
    for (const head of this.#heads) {
      if (offsetOf(head) < offsetOf(first)) first = head;
    }
    this.#last = first;
    return first?.queue[first.index]?.id;
  }

  /** There was nothing for it, and so there is nothing for all who would accept the same. */
  giveUp(): void {
    const last = this.#last;
    assert(last !== undefined, "somebody was asked");
    this.#heads.splice(this.#heads.indexOf(last), 1);
  }

  /** Only for this one there was nothing. */
  pass(): void {
    assert(this.#last !== undefined, "somebody was asked");
    this.#last.index += 1;
  }

  /** It was served, and is about to leave the list: then the next of its kind stands where it stood. */
  take(): void {
    assert(this.#last !== undefined, "somebody was asked");
  }
}

function offsetOf(head: Head | undefined): number {
  return head?.queue[head.index]?.offset ?? Number.POSITIVE_INFINITY;
}

/** Where the offset is, or would be. */
function positionOf(queue: readonly Waiting[], offset: number): number {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((queue[middle]?.offset ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
