/** Wires the gateway's parts together, by hand, and runs them: all but HTTP. */
import type { IdSecrets } from "@seatline/shared/contract/booking-id.ts";
import { awaitLine } from "@seatline/shared/db/await-line.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Broker, Extents } from "@seatline/shared/line/broker.ts";
import { Publisher } from "@seatline/shared/line/publisher.ts";
import type { Topics } from "@seatline/shared/line/topics.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import type { GiveUp } from "@seatline/shared/runtime/lifecycle.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import { Bookings } from "./bookings.ts";
import { findSecretFault } from "./check-secrets.ts";
import { ExpiryRun } from "./expiry-run.ts";
import { LineAhead } from "./line-ahead.ts";
import { LineMemory } from "./line-memory.ts";
import { Line } from "./line.ts";
import { LineWatch } from "./line-watch.ts";
import { Reads } from "./reads.ts";
import { Shows } from "./shows.ts";

/** What the gateway stands on. */
type Ground = {
  readonly host: Host;
  readonly log: Log;
  readonly broker: Broker;
  readonly topics: Topics;
  readonly store: Store;
  /** On a connection of its own, the watch sees Postgres however many reads are in its way. */
  readonly watchStore: Store;
  readonly secrets: IdSecrets;
  readonly giveUp: GiveUp;
};

/** A caller hears 503 within 2 s, whatever the broker does: the publisher may be a quarter late. */
const PUBLISH_DEADLINE_MS = 1_400;
const PUBLISH_QUEUE_MAX = 20_000;
/** Each may have many megabytes. */
const RECORDS_PER_PAGE = 10;

/** What the routes need. Opens nothing before `run`. */
export function buildGateway(ground: Ground) {
  const { host, log, broker, topics, store, watchStore, secrets } = ground;
  const reads = new Reads(host);
  const publisher = new Publisher({
    ...ground,
    deadlineMs: PUBLISH_DEADLINE_MS,
    queueMax: PUBLISH_QUEUE_MAX,
  });
  const extents = broker.buildExtents(topics.requests);
  const shows = new Shows({
    findShow: (key) => reads.run(() => store.findShow(key)),
    findShows: (ids) => reads.run(() => store.findShows(ids)),
    listShows: (page) => reads.run(() => store.listShows(page)),
    findSeats: (showId) => reads.run(() => store.findSeats(showId)),
  });
  const ahead = new LineAhead(host.dateMs);
  const memory = new LineMemory({
    host,
    log,
    loadRecords: (partition, from) =>
      store.loadRecords({ partition, from, limit: RECORDS_PER_PAGE }),
    onRecord: (record) => {
      shows.apply(record);
      ahead.trim(record.partition, record.next);
    },
  });
  const line = new Line({ memory, publisher, topic: topics.requests, log });
  const base = { host, log, secrets, store, reads, extents, publisher, memory, ahead, line, shows };
  const lineWatch = new LineWatch({ ...base, store: watchStore });
  return {
    ...base,
    lineWatch,
    bookings: new Bookings(base),
    expiryRun: new ExpiryRun({ ...base, requestsTopic: topics.requests, lastAsked: new Map() }),
    ...buildReaders(ground, { memory, ahead, lineWatch, publisher, extents }),
  };
}

type Fed = {
  readonly memory: LineMemory;
  readonly ahead: LineAhead;
  readonly lineWatch: LineWatch;
  readonly publisher: Publisher;
  readonly extents: Extents;
};

/** What feeds the memory: `run` resolves when it is there, and goes on until `close`. */
function buildReaders(ground: Ground, fed: Fed) {
  const { host, store, log, broker, topics, secrets, giveUp } = ground;
  const { memory, ahead, lineWatch, publisher, extents } = fed;
  const outcomes = broker.buildTailReader({
    topic: topics.outcomes,
    onMessage: ({ partition, text }) => {
      memory.receive(partition, text);
    },
    onJoined: () => {
      lineWatch.noteJoined();
    },
    onCrash: (error) => {
      giveUp("the reader of outcomes died", error);
    },
  });
  const requests = broker.buildTailReader({
    topic: topics.requests,
    onMessage: ({ partition, offset, text }) => {
      ahead.receive(partition, offset, text);
    },
    // What stood in the lines before is not known, and only makes a forecast less sure.
    onJoined: () => {},
    onCrash: (error) => {
      giveUp("the reader of requests died", error);
    },
  });
  const run = async () => {
    publisher.connect();
    // Records that are published between this look and the reader's join are found by `lineWatch`.
    memory.start(await awaitLine({ host, store, log }));
    const fault = findSecretFault(secrets, await store.loadNewestIds());
    if (fault !== null) throw new ConfigError([fault]);
    await Promise.all([outcomes.run(), requests.run()]);
    await lineWatch.expectOwnTopic();
    lineWatch.start();
  };
  const close = async () => {
    lineWatch.close();
    await Promise.all([publisher.close(), outcomes.close(), requests.close(), extents.close()]);
  };
  return { run, close };
}
