/** Whether something grows, seen through its noise. Pure. */

export type Sample = { readonly atMs: number; readonly value: number };

/** The slope of the line that fits best, in units per hour; 0 with fewer than two moments. */
export function slopePerHour(samples: readonly Sample[]): number {
  const count = samples.length;
  const meanAt = samples.reduce((sum, { atMs }) => sum + atMs, 0) / count;
  const meanValue = samples.reduce((sum, { value }) => sum + value, 0) / count;
  let together = 0;
  let spread = 0;
  for (const { atMs, value } of samples) {
    together += (atMs - meanAt) * (value - meanValue);
    spread += (atMs - meanAt) ** 2;
  }
  return spread === 0 ? 0 : (together / spread) * 3_600_000;
}

/** How much further up the later half lies than the earlier one, by their medians. */
export function riseOf(samples: readonly Sample[]): number {
  const half = samples.length >> 1;
  return median(samples.slice(half)) - median(samples.slice(0, half));
}

function median(samples: readonly Sample[]): number {
  const values = samples.map(({ value }) => value).sort((a, b) => a - b);
  return values[values.length >> 1] ?? 0;
}
