/**
 * The bookings of a show that wait for places, in the order of their own places in the line. Those who
 * would accept the same are of one kind: where one of them does not fit, none does.
 */
import { assert } from "./assert.ts";
import { KindQueue, countWhile, wantsOf } from "./kind-queue.ts";
import type { Waiting } from "./kind-queue.ts";

export class WaitingList {
  readonly #members = new Map<string, Waiting>();
  readonly #byKind = new Map<string, KindQueue>();
  /** Every want, and in how many kinds it is. */
  readonly #kindsByWant = new Map<string, number>();

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

  /** How many different wants there would be with one more of a kind. */
  countWantsWith(kind: string): number {
    const others = [...new Set(wantsOf(kind))].filter((want) => !this.#kindsByWant.has(want));
    return this.#kindsByWant.size + others.length;
  }

  add(member: Waiting): void {
    assert(!this.#members.has(member.id), `booking ${member.id} does not wait yet`);
    let queue = this.#byKind.get(member.kind);
    if (queue === undefined) {
      queue = new KindQueue(wantsOf(member.kind));
      this.#byKind.set(member.kind, queue);
      this.#countKind(queue, 1);
    }
    queue.add(member);
    this.#members.set(member.id, member);
  }

  delete(id: string): boolean {
    const member = this.#members.get(id);
    if (member === undefined) return false;
    this.#members.delete(id);
    const queue = this.#byKind.get(member.kind);
    assert(queue !== undefined, `booking ${id} has a queue`);
    queue.delete(member);
    if (queue.size > 0) return true;
    this.#byKind.delete(member.kind);
    this.#countKind(queue, -1);
    return true;
  }

  #countKind({ wants }: KindQueue, sign: 1 | -1): void {
    for (const want of new Set(wants)) {
      const kinds = (this.#kindsByWant.get(want) ?? 0) + sign;
      if (kinds === 0) this.#kindsByWant.delete(want);
      else this.#kindsByWant.set(want, kinds);
    }
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
    for (const [want, kinds] of this.#kindsByWant) copy.#kindsByWant.set(want, kinds);
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
  /** Places only become fewer on the way: what there is none of now there will not be for anybody later. */
  readonly #vain = new Set<string>();
  /** The wants of who was asked, by their index, for which nothing is free. */
  readonly vain = {
    has: (want: number) => this.#vain.has(this.#wantOf(want)),
    add: (want: number) => {
      this.#vain.add(this.#wantOf(want));
    },
  };
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

  #wantOf(index: number): string {
    const want = this.#asked?.queue.wants[index];
    assert(want !== undefined, "a want of who was asked");
    return want;
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
