/** Rounds of small measurements on the small shows and on the large ones, turn by turn in one process. */
import { percentile } from "@seatline/shared/testing/figures.ts";
import type { Way } from "./performance-orders.ts";
import type { Kind, Size } from "./performance-shows.ts";

/** What something costs on shows of both sizes. */
export type CostRow = {
  readonly name: string;
  readonly kind: Kind;
  readonly way: Way;
  /** Microseconds, the median of all rounds; the ratio is the median of the rounds' ratios. */
  readonly small: number;
  readonly large: number;
  readonly ratio: number;
  readonly isLarge: boolean;
};

/** What is measured; each call is one round on one show, and says how many microseconds it took. */
export type Cost = Omit<CostRow, "small" | "large" | "ratio"> & {
  readonly rounds: Readonly<Record<Size, () => number>>;
};

const WARM_UP_ROUNDS = 20;

/** Whatever slows the machine meets both sizes: each round of one follows a round of the other. */
export function measureCosts(costs: readonly Cost[], rounds: number): CostRow[] {
  const measured = costs.map((cost) => ({ cost, small: [] as number[], large: [] as number[] }));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const { cost, small, large } of measured) {
      const [ofSmall, ofLarge] = [cost.rounds.small(), cost.rounds.large()];
      if (round < 0) continue;
      small.push(ofSmall);
      large.push(ofLarge);
    }
  }
  return measured.map(({ cost, small, large }) => {
    const { name, kind, way, isLarge } = cost;
    const ratios = large.map((us, round) => us / (small[round] ?? us));
    const [ofSmall, ofLarge] = [median(small), median(large)];
    return { name, kind, way, isLarge, small: ofSmall, large: ofLarge, ratio: median(ratios) };
  });
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5) ?? Number.NaN;
}
