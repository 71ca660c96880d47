/**
 * The sweep: finds holds past their time and asks for their release through their lines. It decides
 * nothing: a hold that was confirmed meanwhile, or has not lapsed by the log's clock, stays as it is.
 * Only for shows at which nobody asks; everywhere else the next request releases what has lapsed.
 */
import { randomUUID } from "node:crypto";

import { readPartition } from "../contract/booking-id.ts";
import { encodeRequest } from "../contract/request.ts";
import type { Expire } from "../core/requests.ts";
import type { Sql } from "../db/client.ts";
import { loadLapsed } from "../db/load-lapsed.ts";
import { loadPartitions } from "../db/load-partitions.ts";
import type { Log } from "../runtime/log.ts";
import type { Publisher } from "./publisher.ts";

export type SweepDeps = {
  readonly sql: Sql;
  readonly publisher: Publisher;
  readonly requestsTopic: string;
  readonly log: Log;
  /** The last expire request of each partition, by offset; kept from sweep to sweep. */
  readonly lastAsked: Map<number, number>;
};

const PAGE_SIZE = 500;
/** Together with the page size, the most that one sweep asks for. The next goes on. */
const PAGES_MAX = 20;

/** One sweep. `onRequest` is called for each release before it is asked for. Throws if Postgres is away. */
export async function sweep(
  deps: SweepDeps,
  onRequest: (request: Expire) => void = () => {},
): Promise<{ requested: number }> {
  const without = await findBlocked(deps);
  let requested = 0;
  let after: { expiresAt: string; id: string } | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const lapsed = await loadLapsed(deps.sql, { after, without, limit: PAGE_SIZE });
    const results = await Promise.all(lapsed.map((hold) => ask(deps, hold, onRequest)));
    requested += results.filter(Boolean).length;
    const last = lapsed.at(-1);
    if (last === undefined || lapsed.length < PAGE_SIZE) break;
    after = last;
  }
  return { requested };
}

/** Partitions whose earlier expire requests are undecided: asking again would only make the line longer. */
async function findBlocked({ sql, lastAsked }: SweepDeps): Promise<number[]> {
  const rows = await loadPartitions(sql);
  return rows
    .filter(({ partition, nextOffset }) => nextOffset <= (lastAsked.get(partition) ?? -1))
    .map(({ partition }) => partition);
}

async function ask(
  { publisher, requestsTopic, lastAsked, log }: SweepDeps,
  { id, showId }: { id: string; showId: string },
  onRequest: (request: Expire) => void,
): Promise<boolean> {
  const request: Expire = { kind: "expire", requestId: randomUUID(), bookingId: id };
  const partition = readPartition(id);
  onRequest(request);
  const ack = await publisher.publish({
    topic: requestsTopic,
    partition,
    key: showId,
    value: encodeRequest(request),
  });
  if (ack.status !== "acked") {
    log.warn(
      { partition, status: ack.status },
      "an expire request got no ack; the next sweep asks again",
    );
    return false;
  }
  lastAsked.set(partition, Math.max(lastAsked.get(partition) ?? -1, ack.offset));
  return true;
}
