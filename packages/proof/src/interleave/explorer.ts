/**
 * Plays out every order in which things may happen. A world is built anew for each order and led along a path of
 * choices; where two paths lead into the same state, what follows is played out once.
 */

/** A world that does one thing at a time. Everything in it follows from what is chosen. */
export type Playable = {
  /** What may happen next; nothing when all is over. */
  readonly options: () => readonly string[];
  readonly choose: (option: string) => Promise<void>;
  /** Equal keys: whatever may follow is the same. */
  readonly stateKey: () => string;
  /** What is wrong with a world in which nothing may happen any more. */
  readonly judge: () => readonly string[];
};

type Exploration = {
  readonly states: number;
  /** Orders that were played to their end. */
  readonly ends: number;
  /** Different states in which all is over. */
  readonly endStates: number;
  readonly longest: number;
  /** The first order that goes wrong, and how. */
  readonly wrong: { readonly path: readonly string[]; readonly faults: readonly string[] } | null;
};

/** A path that is longer than this goes round in circles. */
const PATH_MAX = 400;

export function explore(build: () => Playable, statesMax: number): Promise<Exploration> {
  return new Explorer(build, statesMax).run();
}

class Explorer {
  readonly #build: () => Playable;
  readonly #statesMax: number;
  readonly #seen = new Set<string>();
  readonly #endStates = new Set<string>();
  /** Paths that branched off and are not played yet. */
  readonly #open: (readonly string[])[] = [[]];
  #ends = 0;
  #longest = 0;

  constructor(build: () => Playable, statesMax: number) {
    this.#build = build;
    this.#statesMax = statesMax;
  }

  async run(): Promise<Exploration> {
    let wrong: Exploration["wrong"] = null;
    for (let path = this.#open.pop(); path !== undefined; path = this.#open.pop()) {
      const taken = [...path];
      const faults = await this.#play(taken);
      if (faults.length === 0) continue;
      wrong = { path: taken, faults };
      break;
    }
    const [states, endStates] = [this.#seen.size, this.#endStates.size];
    return { states, ends: this.#ends, endStates, longest: this.#longest, wrong };
  }

  /** Leads a world along the path, and on from there until all is over or known; the path grows with it. */
  async #play(path: string[]): Promise<readonly string[]> {
    const world = this.#build();
    for (const option of path) await world.choose(option);
    for (;;) {
      const key = world.stateKey();
      const [first, ...others] = world.options();
      this.#longest = Math.max(this.#longest, path.length);
      if (first === undefined) return this.#end(world, key);
      if (this.#seen.has(key)) return [];
      this.#seen.add(key);
      if (this.#seen.size > this.#statesMax || path.length > PATH_MAX) {
        return [`there are more than ${this.#statesMax} states, or paths without an end`];
      }
      for (const other of others) this.#open.push([...path, other]);
      await world.choose(first);
      path.push(first);
    }
  }

  #end(world: Playable, key: string): readonly string[] {
    this.#ends += 1;
    if (this.#endStates.has(key)) return [];
    this.#endStates.add(key);
    return world.judge();
  }
}
