/**
 * Chance for tests and measurements that can be had again: everything follows from one seed, which is
 * printed and can be given back as `SEED=…`.
 */

export type Random = {
  readonly seed: number;
  /** A whole number, both ends included. */
  readonly int: (min: number, max: number) => number;
  readonly chance: (probability: number) => boolean;
  /** One of the items; there must be one. */
  readonly pick: <Item>(items: readonly Item[]) => Item;
};

/** The seed of this run: what `SEED` says, else the time, so that every run sees something new. */
export function seedOfRun(): number {
  const given = Number(process.env["SEED"]);
  return Number.isSafeInteger(given) && given > 0 ? given : Date.now() % 0x7fff_ffff;
}

/** The generator is mulberry32: 32 bits of state are plenty for choosing test cases. */
export function buildRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const int = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    seed,
    int,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[int(0, items.length - 1)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
  };
}
