/** Figures out of many measurements. Pure. */

/** The value that `share` (0 to 1) of the values do not exceed, nearest rank; null without values. */
export function percentile(values: readonly number[], share: number): number | null {
  const ascending = [...values].sort((a, b) => a - b);
  const rank = Math.max(1, Math.ceil(share * ascending.length));
  return ascending[rank - 1] ?? null;
}

/** The longest time between two moments that follow each other; null with fewer than two. */
export function longestGap(moments: readonly number[]): number | null {
  const ascending = [...moments].sort((a, b) => a - b);
  const gaps = ascending.slice(1).map((at, index) => at - (ascending[index] ?? at));
  return gaps.length === 0 ? null : gaps.reduce((longest, gap) => Math.max(longest, gap));
}

/** How often each word occurs, most often first. */
export function countWords(words: readonly string[]): [word: string, count: number][] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

/** `1,234` */
export function encodeCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** `3.4 ms` or `1.25 s`; a dash where nothing was measured. */
export function encodeMs(ms: number | null): string {
  if (ms === null) return "–";
  return ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}
