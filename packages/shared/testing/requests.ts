/**
 * Requests as they stand in the line: with ids that this deployment would give out, in the partition
 * that a test wants. `builders.ts` has the same for the core, with names a reader can follow.
 */
import { randomUUID } from "node:crypto";

import { buildBookingId, buildShowId, readPartition } from "../contract/booking-id.ts";
import type { IdSecrets } from "../contract/booking-id.ts";
import { partitionOf } from "../contract/partition.ts";
import { hashBook, hashCreateShow } from "../contract/request.ts";
import { DEFAULT_RULES } from "../contract/values.ts";
import { buildPlainLayout } from "../core/seats/layout.ts";
import type { Layout } from "../core/seats/layout.ts";
import type { ShowRules, Want } from "../core/model.ts";
import type {
  Book,
  Cancel,
  ChangeShow,
  Confirm,
  CreateShow,
  Expire,
  Extend,
  Request,
  ShowChanges,
} from "../core/requests.ts";
import { HOST } from "../runtime/host.ts";
import { TEST_PARTITIONS } from "./servers.ts";

const TEST_SECRETS: IdSecrets = ["a secret that only tests know"];

/** Any moment: bookings of tests lie around it. */
export const NOON = Date.UTC(2026, 10, 22, 12);

/** A show id whose line is the given partition. */
function buildShowIdIn(partition: number): string {
  for (;;) {
    const id = buildShowId(HOST);
    if (partitionOf(id, TEST_PARTITIONS) === partition) return id;
  }
}

/** A show of ten seats in partition 0, unless told otherwise. */
export function requestShow({
  partition = 0,
  layout = buildPlainLayout(10),
  rules = {},
}: {
  readonly partition?: number;
  readonly layout?: Layout;
  readonly rules?: Partial<ShowRules>;
} = {}): CreateShow {
  const asked = {
    name: "A night at the test house",
    startsAt: NOON,
    layout,
    rules: { ...DEFAULT_RULES, ...rules },
    opensAt: null,
    closesAt: null,
  } as const;
  return {
    kind: "create-show",
    requestId: randomUUID(),
    showId: buildShowIdIn(partition),
    ...asked,
    requestHash: hashCreateShow(asked),
  };
}

export function requestBook(
  showId: string,
  want: Want,
  {
    customer = null,
    confirmNow = false,
    holdMs = null,
    wait = null,
    byStaff = false,
  }: Partial<Pick<Book, "customer" | "confirmNow" | "holdMs" | "wait" | "byStaff">> = {},
): Book {
  const asked = { showId, customer, wants: [want], confirmNow, holdMs, wait, byStaff };
  const partition = partitionOf(showId, TEST_PARTITIONS);
  return {
    kind: "book",
    requestId: buildBookingId(TEST_SECRETS, partition, HOST),
    ...asked,
    requestHash: hashBook(asked),
  };
}

export function requestConfirm(bookingId: string, payment: string | null = null): Confirm {
  return { kind: "confirm", requestId: randomUUID(), bookingId, payment };
}

export function requestCancel(bookingId: string, places: Cancel["places"] = null): Cancel {
  return {
    kind: "cancel",
    requestId: randomUUID(),
    bookingId,
    places,
    byStaff: false,
  };
}

export function requestExtend(bookingId: string, holdMs: number | null = null): Extend {
  return { kind: "extend", requestId: randomUUID(), bookingId, holdMs };
}

export function requestChange(
  showId: string,
  changes: ShowChanges,
  after: number | null = null,
): ChangeShow {
  return { kind: "change-show", requestId: randomUUID(), showId, changes, after };
}

export function requestExpire(bookingId: string): Expire {
  return { kind: "expire", requestId: randomUUID(), bookingId };
}

/** The partition in whose line a request stands. */
export function homeOf(request: Request): number {
  return "showId" in request
    ? partitionOf(request.showId, TEST_PARTITIONS)
    : readPartition(request.bookingId);
}
