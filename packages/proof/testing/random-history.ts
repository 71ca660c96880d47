/**
 * Random sales with everything in them, as two gateways and a worker leave them behind: ladders, groups, standing
 * places, limits, waiting, lapses, rescues, changes and the end of shows, keys used again, messages that are no
 * requests, copies of what was published. All of it follows from the seed.
 */
import { layoutOf, seated, standing } from "@seatline/shared/testing/builders.ts";
import { buildPlainLayout } from "@seatline/shared/core/seats/layout.ts";
import type { Want } from "@seatline/shared/core/model.ts";
import type { Book, CreateShow, ShowChanges } from "@seatline/shared/core/requests.ts";
import { hashBook } from "@seatline/shared/contract/request.ts";
import type { Random } from "@seatline/shared/testing/random.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestChange,
  requestConfirm,
  requestExpire,
  requestExtend,
  requestShow,
} from "@seatline/shared/testing/requests.ts";

import type { History } from "../src/history/history.ts";
import { TrueHistory } from "./true-history.ts";

const HOLD_MS = 1_000;
const GATEWAYS = ["gateway-1", "gateway-2"];

type Run = {
  readonly random: Random;
  readonly seen: TrueHistory;
  readonly shows: readonly CreateShow[];
  readonly books: { readonly request: Book; readonly key: string | null }[];
};

/** About so many messages in the lines. */
export function buildRandomHistory(random: Random, messages: number): History {
  const seen = new TrueHistory();
  const shows = Array.from({ length: random.int(1, 3) }, () => buildShow(random));
  for (const show of shows) seen.ask(show);
  seen.decideAll();
  for (const gateway of GATEWAYS) seen.catchUp(gateway);
  const run: Run = { random, seen, shows, books: [] };
  for (let count = 0; count < messages; count++) {
    seen.now += random.pick([0, 1, 5, 50, 50, HOLD_MS / 2]);
    takeStep(run);
    if (random.chance(0.3)) seen.decide(random.int(0, 2), random.int(1, 6));
    if (random.chance(0.4)) seen.catchUp(random.pick(GATEWAYS));
  }
  seen.now += 1;
  // Each batch may leave requests of its own in the line.
  for (let partition = 0; partition < 3; partition++) {
    while (seen.undecided(partition) > 0) seen.decide(partition);
  }
  return seen.build();
}

function buildShow(random: Random): CreateShow {
  const sections = [
    seated("Stalls", "A-B", { seatsPerRow: random.int(2, 5), price: 500 }),
    standing("Floor", random.int(1, 6), 300),
  ];
  const blocked = random.chance(0.5) ? "1-2" : "";
  const layout = random.chance(0.3)
    ? buildPlainLayout(random.int(1, 8))
    : layoutOf(sections, { currency: random.pick([null, "EUR"]), blocked, accessible: "3" });
  const rules = {
    holdMs: HOLD_MS,
    holdMaxMs: 2 * HOLD_MS,
    rescueMs: random.pick([0, HOLD_MS, 20 * HOLD_MS]),
    confirmation: random.pick(["manual", "manual", "automatic"] as const),
    cancelConfirmed: random.chance(0.7),
    seatsPerBookingMax: random.pick([3, 50]),
    seatsPerCustomerMax: random.pick([null, null, 3]),
    holdsPerCustomerMax: random.pick([null, null, 2]),
  };
  return requestShow({ partition: random.int(0, 2), layout, rules });
}

function takeStep({ random, seen, shows, books }: Run): void {
  const gateway = random.pick(GATEWAYS);
  const recent = books.slice(random.chance(0.8) ? -10 : 0);
  if (recent.length === 0 || random.chance(0.45)) {
    const request = buildBook(random, random.pick(shows));
    const isInVain = random.chance(0.05);
    const key = !isInVain && random.chance(0.4) ? `key-${books.length}` : null;
    books.push({ request, key });
    if (isInVain) seen.bookInVain(gateway, request, null);
    else seen.book(gateway, request, { key, waits: random.chance(0.5) });
    return;
  }
  const { request, key } = random.pick(recent);
  const { requestId: id, showId } = request;
  const waits = random.chance(0.7);
  const seats = findSeats(seen, id).filter(() => random.chance(0.5));
  const ask = random.pick<() => void>([
    () => seen.change(gateway, requestConfirm(id, random.pick([null, "paid"])), waits),
    () => seen.change(gateway, requestConfirm(id, "paid"), waits),
    () => seen.change(gateway, requestCancel(id), waits),
    () => seen.change(gateway, requestCancel(id, { seats, standing: [] }), waits),
    () => seen.change(gateway, requestCancel(id, { seats, standing: [] }), waits),
    () => seen.change(gateway, requestExtend(id, random.pick([null, 3 * HOLD_MS])), waits),
    () => seen.find(gateway, id),
    () => findAtPlace(random, seen, gateway),
    () => findAtPlace(random, seen, gateway),
    () => seen.ask(requestExpire(id)),
    () => seen.ask(requestChange(showId, buildChanges(random))),
    () => seen.book(gateway, request, { key, waits }),
    () => key !== null && seen.book(gateway, buildAnother(request), { key, waits }),
    () => seen.ask(random.pick(shows)),
    () => {
      seen.putHidden(random.int(0, 2));
    },
    () => seen.put(random.int(0, 2), random.pick([null, Buffer.from("nonsense")])),
    () => {
      const place = { partition: random.int(0, 2), offset: random.int(0, 5) };
      seen.repeat(random.pick(["outcomes", "events"]), place);
    },
  ]);
  ask();
}

/** Somebody looks at a place that was told, of a booking or of a change of one. */
function findAtPlace(random: Random, seen: TrueHistory, gateway: string): void {
  if (seen.told.length === 0) return;
  const { id, place } = random.pick(seen.told);
  seen.find(gateway, id, place);
}

/** Those that a booking has now, as far as is decided. */
function findSeats(seen: TrueHistory, id: string): readonly number[] {
  return seen.bookings.get(id)?.seats ?? [];
}

/** Another request under the same key: so it has the same id. */
function buildAnother(request: Book): Book {
  const asked = { ...request, confirmNow: !request.confirmNow };
  return { ...asked, requestHash: hashBook(asked) };
}

function buildBook(random: Random, { showId }: CreateShow): Book {
  const want = random.pick<() => Want>([
    () => ({ count: random.int(1, 3) }),
    () => ({ count: 1 }),
    () => ({ together: [random.int(1, 3)] }),
    () => ({ seats: [random.int(1, 6)] }),
    () => ({ count: 1, accessible: true }),
  ])();
  return requestBook(showId, want, {
    customer: random.pick([null, "ann", "bob"]),
    confirmNow: random.chance(0.1),
    holdMs: random.chance(0.1) ? 2 * HOLD_MS : null,
    wait: random.chance(0.5) ? { until: NOON + random.int(0, 40 * HOLD_MS) } : null,
    byStaff: false,
  });
}

function buildChanges(random: Random): ShowChanges {
  return random.pick<ShowChanges>([
    { block: "3-4" },
    { block: "1" },
    { unblock: "1-4" },
    { name: "Another night" },
    { sections: [{ name: "Floor", standing: 7 }] },
    { sections: [{ name: "Floor", standing: 2 }] },
    { sale: "closed" },
    { sale: "open" },
    { sale: "open" },
    random.chance(0.6) ? { sale: "cancelled" } : {},
  ]);
}
