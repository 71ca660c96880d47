/** Maps that are bounded by forgetting what was set longest ago. */

/** Sets a key as the newest of a bounded map; the oldest goes. */
export function keepNewest<K, V>(map: Map<K, V>, max: number, [key, value]: [K, V]): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
