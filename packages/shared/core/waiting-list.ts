/**
 * The bookings of a show that wait for places, in the order of their own places in the line. Those who
 * would accept the same are of one kind: where one of them does not fit, none does.
 */
import { assert } from "./assert.ts";

export type Waiting = { readonly id: string; readonly offset: number; readonly kind: string };

export class WaitingList {
  readonly #members = new Map<string, Waiting>();
  readonly #byKind = new Map<string, KindQueue>();

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
    const queue = this.#byKind.get(member.kind) ?? new KindQueue();
    queue.add(member);
    this.#byKind.set(member.kind, queue);
    this.#members.set(member.id, member);
  }

  delete(id: string): boolean {
    const member = this.#members.get(id);
    if (member === undefined) return false;
    this.#members.delete(id);
    const queue = this.#byKind.get(member.kind);
    queue?.delete(member);
    if (queue?.size === 0) this.#byKind.delete(member.kind);
    return true;
  }

  /** Where a booking stands: 1 is served first. Costs a binary search per kind. */
  rankOf(id: string): number | null {
    const member = this.#members.get(id);
    if (member === undefined) return null;
    let before = 0;
    for (const queue of this.#byKind.values()) before += queue.countBefore(member.offset);
    return before + 1;
  }

  /** In the order of their places. */
  ids(): string[] {
    return [...this.#members.values()].sort((a, b) => a.offset - b.offset).map(({ id }) => id);
  }

  /** While it lasts, only whom it has just asked may leave the list, and nobody may join. */
  walk(): Walk {
    return new Walk(this.#byKind.values());
  }

  clone(): WaitingList {
    const copy = new WaitingList();
    for (const [id, member] of this.#members) copy.#members.set(id, member);
    for (const [kind, queue] of this.#byKind) copy.#byKind.set(kind, queue.clone());
    return copy;
  }
}

/** A gap below this is not worth closing. */
const GAP_MIN = 32;

/**
 * Those of one kind, ascending by offset. Nearly all leave at the front, where they are served: they
 * leave a gap there, because to move a hundred thousand others up for each of them would take most of the
 * time. It is closed when it is as long as the queue.
 */
class KindQueue {
  #members: (Waiting | undefined)[] = [];
  #gap = 0;

  get size(): number {
    return this.#members.length - this.#gap;
  }

  at(index: number): Waiting | undefined {
    return this.#members[this.#gap + index];
  }

  countBefore(offset: number): number {
    return countWhile(this.size, (index) => (this.at(index)?.offset ?? 0) < offset);
  }

  add(member: Waiting): void {
    const index = this.countBefore(member.offset);
    const isFree = this.at(index)?.offset !== member.offset;
    assert(isFree, `nobody else waits at ${member.offset}`);
    this.#members.splice(this.#gap + index, 0, member);
  }

  delete(member: Waiting): void {
    const index = this.countBefore(member.offset);
    assert(this.at(index) === member, `booking ${member.id} is in the queue of its kind`);
    if (index > 0) {
      this.#members.splice(this.#gap + index, 1);
      return;
    }
    this.#members[this.#gap] = undefined;
    this.#gap += 1;
    if (this.#gap < GAP_MIN || this.#gap < this.size) return;
    this.#members = this.#members.slice(this.#gap);
    this.#gap = 0;
  }

  clone(): KindQueue {
    const copy = new KindQueue();
    copy.#members = this.#members.slice(this.#gap);
    return copy;
  }
}

type Head = { readonly queue: KindQueue; index: number };

/** Once through the list, kind by kind together, always on to the lowest place. */
class Walk {
  /** The next of each kind that was not given up, the lowest place last, where it is taken off at once. */
  readonly #heads: Head[];
  #asked: Head | undefined;
  #goesOn: Head | undefined;
  #lastOffset = Number.NEGATIVE_INFINITY;

  constructor(queues: Iterable<KindQueue>) {
    this.#heads = [...queues]
      .map((queue) => ({ queue, index: 0 }))
      .sort((a, b) => offsetOf(b) - offsetOf(a));
  }

  /** The id of the next who waits; say of each what became of it before asking again. */
  next(): string | undefined {
    assert(this.#asked === undefined, "it was said what became of the last");
    // Only now: whoever is taken may leave the list before or after that is said.
    this.#putBack();
    const head = this.#heads.pop();
    const member = head?.queue.at(head.index);
    if (member === undefined) return undefined;
    assert(member.offset > this.#lastOffset, "who was taken has left, and nobody has joined");
    this.#lastOffset = member.offset;
    this.#asked = head;
    return member.id;
  }

  /** There was nothing for it, and so there is nothing for all who would accept the same. */
  giveUp(): void {
    this.#answer();
  }

  /** Only for this one there was nothing. */
  pass(): void {
    const head = this.#answer();
    head.index += 1;
    this.#goesOn = head;
  }

  /** It was served, and leaves the list: then the next of its kind stands where it stood. */
  take(): void {
    this.#goesOn = this.#answer();
  }

  #answer(): Head {
    const head = this.#asked;
    assert(head !== undefined, "somebody was asked");
    this.#asked = undefined;
    return head;
  }

  #putBack(): void {
    const head = this.#goesOn;
    this.#goesOn = undefined;
    if (head?.queue.at(head.index) === undefined) return;
    const offset = offsetOf(head);
    const isLater = (index: number) => offsetOf(this.#heads[index]) > offset;
    this.#heads.splice(countWhile(this.#heads.length, isLater), 0, head);
  }
}

function offsetOf(head: Head | undefined): number {
  return head?.queue.at(head.index)?.offset ?? Number.POSITIVE_INFINITY;
}

/** For how many of the first `size` indexes a test holds that, once it fails, fails for all that follow. */
function countWhile(size: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
