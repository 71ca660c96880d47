/** Work in lanes: so many at once, one after the other in each. */

/** Runs `work` for each item, at most `lanes` at a time; resolves when all are done. */
export async function runLanes<T>(
  items: readonly T[],
  lanes: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    Array.from({ length: Math.min(lanes, items.length) }, async () => {
      for (const item of rest) await work(item);
    }),
  );
}
