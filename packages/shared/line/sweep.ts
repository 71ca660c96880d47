/**
 * The sweep: finds what is due by the clock alone, and asks for it through the line: holds and waits past
 * their time, and sales that have opened with somebody waiting. It decides nothing: a hold that was confirmed
 * meanwhile, or has not lapsed by the log's clock, stays as it is. Only for shows at which nobody asks;
 * everywhere else the next request brings all of it about.
 */
import { readPartition } from "../contract/booking-id.ts";
import { encodeRequest } from "../contract/request.ts";
import type { Request } from "../core/requests.ts";
import { buildNudge } from "../core/step.ts";
import type { Lapsed } from "../db/load-lapsed.ts";
import type { OpenedShow } from "../db/load-opened.ts";
import type { Store } from "../db/store.ts";
import type { Host } from "../runtime/host.ts";
import type { Log } from "../runtime/log.ts";
import type { Publisher } from "./publisher.ts";

export type SweepDeps = {
  readonly host: Host;
  readonly store: Store;
  readonly publisher: Publisher;
  readonly requestsTopic: string;
  readonly log: Log;
  /** The last request of the sweep in each partition, by offset; kept from sweep to sweep. */
  readonly lastAsked: Map<number, number>;
};

const PAGE_SIZE = 500;
/** Together with the page size, the most that one sweep asks for. The next goes on. */
const PAGES_MAX = 20;

/** What is put into the line of a show. */
type Due = { readonly showId: string; readonly partition: number; readonly request: Request };

/** One sweep. `onRequest` is called for each request before it is made. Throws if Postgres is away. */
export async function sweep(
  deps: SweepDeps,
  onRequest: (request: Request) => void = () => {},
): Promise<{ requested: number }> {
  const { host, store, log } = deps;
  const without = await findBlocked(deps);
  let requested = 0;
  let unacked = 0;
  const askAll = async (due: readonly Due[]) => {
    const results = await Promise.all(due.map((one) => ask(deps, one, onRequest)));
    const acked = results.filter(Boolean).length;
    requested += acked;
    unacked += due.length - acked;
  };
  // Before the lapses: who waits until now shall get what is theirs since the opening.
  const opened = await store.loadOpened({ without, limit: PAGE_SIZE });
  await askAll(opened.map((show) => buildOpening(host, show)));
  let after: { expiresAt: string; id: string } | null = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const lapsed = await store.loadLapsed({ after, without, limit: PAGE_SIZE });
    await askAll(lapsed.map((booking) => buildExpire(host, booking)));
    const last = lapsed.at(-1);
    if (last === undefined || lapsed.length < PAGE_SIZE) break;
    after = last;
  }
  if (unacked > 0) {
    log.warn({ unacked }, "requests of the sweep got no ack; the next sweep asks again");
  }
  return { requested };
}

function buildOpening(host: Host, { id, partition }: OpenedShow): Due {
  return { showId: id, partition, request: { ...buildNudge(id), requestId: host.uuid() } };
}

function buildExpire(host: Host, { id, showId }: Lapsed): Due {
  const request = { kind: "expire", requestId: host.uuid(), bookingId: id } as const;
  return { showId, partition: readPartition(id), request };
}

/** Partitions whose earlier requests are undecided: asking again would only make the line longer. */
async function findBlocked({ store, lastAsked }: SweepDeps): Promise<number[]> {
  const rows = await store.loadPartitions();
  return rows
    .filter(({ partition, nextOffset }) => nextOffset <= (lastAsked.get(partition) ?? -1))
    .map(({ partition }) => partition);
}

async function ask(
  { publisher, requestsTopic, lastAsked }: SweepDeps,
  { showId, partition, request }: Due,
  onRequest: (request: Request) => void,
): Promise<boolean> {
  onRequest(request);
  const ack = await publisher.publish({
    topic: requestsTopic,
    partition,
    key: showId,
    value: encodeRequest(request),
  });
  if (ack.status !== "acked") return false;
  lastAsked.set(partition, Math.max(lastAsked.get(partition) ?? -1, ack.offset));
  return true;
}
