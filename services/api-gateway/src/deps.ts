/** What the routes are given, and the type of the app that they are registered with. */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";

import type { IdSecrets } from "@seatline/shared/contract/booking-id.ts";
import type { BookingsAsk, BookingsPage } from "@seatline/shared/db/list-bookings.ts";
import type { Store } from "@seatline/shared/db/store.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";
import type { Log } from "@seatline/shared/runtime/log.ts";

import type { AdminAccess } from "./access.ts";
import type { Bookings } from "./bookings.ts";
import type { ExpiryRun } from "./expiry-run.ts";
import type { LineMemory } from "./line-memory.ts";
import type { Line } from "./line.ts";
import type { LineWatch } from "./line-watch.ts";
import type { Reads } from "./reads.ts";
import type { Shows } from "./shows.ts";

export type AppDeps = {
  readonly host: Host;
  readonly log: Log;
  readonly access: AdminAccess;
  readonly secrets: IdSecrets;
  readonly bookings: Bookings;
  readonly shows: Shows;
  readonly line: Line;
  readonly memory: LineMemory;
  readonly store: Store;
  readonly reads: Reads;
  readonly listBookings: (ask: BookingsAsk) => Promise<BookingsPage>;
  readonly lineWatch: LineWatch;
  readonly expiryRun: ExpiryRun;
  readonly corsOrigins: readonly string[];
  readonly classicRoutes: boolean;
};

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
