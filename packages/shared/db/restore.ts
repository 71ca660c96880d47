/** Brings what is stored into the memory of the worker that decides on it. */
import { limitsCustomers } from "../core/model.ts";
import { NO_USAGE, restoreShow } from "../core/show.ts";
import type { LineState } from "../core/show.ts";
import type { ShowHead } from "./load-shows.ts";
import type { Store } from "./store.ts";

/**
 * Loads those of the shows that exist into `state`, with their taken seats, who holds and who waits;
 * returns their heads. Only the owner of their partition may rely on it: nobody else writes to these rows.
 */
export async function restoreShows(
  store: Store,
  state: LineState,
  ids: readonly string[],
): Promise<Map<string, ShowHead>> {
  if (ids.length === 0) return new Map();
  const loaded = await store.loadShows(ids);
  for (const { facts, stored } of loaded) restoreShow(state, facts, stored);
  await restoreUsage(
    store,
    state,
    loaded.flatMap(({ stored }) => stored.bookings),
  );
  return new Map(loaded.map(({ facts, head }) => [facts.id, head]));
}

/** Loads what customers have of those of the shows that limit them and that memory does not know yet. */
export async function restoreUsage(
  store: Store,
  state: LineState,
  wanted: readonly { readonly showId: string; readonly customer: string | null }[],
): Promise<void> {
  const missing = new Map<string, { showId: string; customer: string }>();
  for (const { showId, customer } of wanted) {
    const show = state.shows.get(showId);
    if (show === undefined || customer === null || !limitsCustomers(show.facts.rules)) continue;
    if (!show.usage.has(customer)) missing.set(`${showId} ${customer}`, { showId, customer });
  }
  if (missing.size === 0) return;
  const pairs = [...missing.values()];
  const rows = await store.loadUsage(pairs);
  for (const { showId, customer } of pairs) state.shows.get(showId)?.usage.set(customer, NO_USAGE);
  for (const { showId, customer, places, holds } of rows) {
    state.shows.get(showId)?.usage.set(customer, { places, holds });
  }
}
