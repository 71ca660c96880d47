/** Those in a show's waiting list who would accept the same, in the order of their places in the line. */
import { assert } from "./assert.ts";

/** `kind`: the wants that it would accept, in their order, a line for each. */
export type Waiting = { readonly id: string; readonly offset: number; readonly kind: string };

/** The wants of a kind. */
export function wantsOf(kind: string): string[] {
  return kind.split("\n");
}

/** A gap below this is not worth closing. */
const GAP_MIN = 32;

/**
 * Those of one kind, ascending by offset. Nearly all leave at the front, where they are served: they
 * leave a gap there, because to move a hundred thousand others up for each of them would take most of the
 * time. It is closed when it is as long as the queue.
 */
export class KindQueue {
  readonly wants: readonly string[];
  #members: (Waiting | undefined)[] = [];
  #gap = 0;

  constructor(wants: readonly string[]) {
    this.wants = wants;
  }

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
    const copy = new KindQueue(this.wants);
    copy.#members = this.#members.slice(this.#gap);
    return copy;
  }
}

/** For how many of the first `size` indexes a test holds that, once it fails, fails for all that follow. */
export function countWhile(size: number, holds: (index: number) => boolean): number {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
