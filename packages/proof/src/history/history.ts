/**
 * What was seen of one run of the system: by its clients, in its topics, in its tables. It is all that the
 * checker knows, whoever gathered it: the simulation, a run of chaos, a drill, a test.
 */
import type { Bounds } from "@seatline/shared/core/bounds.ts";
import type { Booking, Place } from "@seatline/shared/core/model.ts";
import type { PartitionRow } from "@seatline/shared/db/load-partitions.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

export type History = {
  /** In the order in which they were asked. */
  readonly calls: readonly Call[];
  readonly topics: {
    readonly requests: readonly TopicMessage[];
    readonly outcomes: readonly TopicMessage[];
    readonly events: readonly TopicMessage[];
  };
  readonly tables: Tables;
  /**
   * The most that a hold or a wait may outlive its time, in milliseconds: a sweep and its way through the line.
   * Null where nothing swept at the end.
   */
  readonly lapseMaxMs: number | null;
  /** A moment at which everybody knew everything; null where there was none. */
  readonly rest: Rest | null;
  /** How much the worker did at most in front of, and because of, one request. */
  readonly bounds: Bounds;
};

type Rest = {
  /** On the clock of the calls. */
  readonly atMs: number;
  /** By partition, how far its line was decided. */
  readonly nextOffsets: readonly number[];
};

/** One question of a client to a gateway, and what it heard. */
export type Call = {
  /** One life of one gateway: after a restart it is another. */
  readonly gateway: string;
  /** Milliseconds on one clock for the whole run. */
  readonly askedAt: number;
  readonly heardAt: number;
  readonly asked: Asked;
  /** Null where the connection broke, or nothing was heard. */
  readonly heard: Heard | null;
};

export type Asked =
  | {
      readonly kind: "book";
      /**
       * Null where the booking was asked for without a key. A key is one client's: two clients never have
       * equal ones in a history.
       */
      readonly key: string | null;
      readonly showId: string;
      /** All that was asked for, as one text: equal texts under one key are the same request. */
      readonly body: string;
    }
  | { readonly kind: "confirm" | "extend" | "cancel"; readonly bookingId: string }
  | { readonly kind: "find"; readonly bookingId: string; readonly place: Place | null };

export type Heard =
  | { readonly kind: "queued"; readonly id: string; readonly place: Place | null }
  | { readonly kind: "booking"; readonly booking: BookingSeen }
  | {
      readonly kind: "refused";
      readonly reason: string;
      readonly booking: BookingSeen | null;
    }
  /** 503 or 429: nobody knows whether the request stands in the line. */
  | { readonly kind: "unavailable" };

/** A booking as a client sees it: the members of the HTTP answer that every client hears. */
export type BookingSeen = {
  readonly id: string;
  readonly showId: string;
  readonly status: Booking["status"];
  readonly reason: string | null;
  /** Those that are its own now. */
  readonly seats: readonly number[];
  readonly want: number | null;
  readonly price: number | null;
  readonly rescued: boolean;
  readonly customer: string | null;
  readonly place: Place;
  /** Milliseconds since 1970, like the other times; null for a booking that failed. */
  readonly expiresAt: number | null;
  readonly createdAt: number;
  readonly decidedAt: number;
  readonly confirmedAt: number | null;
  readonly payment: string | null;
};

export type TopicMessage = {
  readonly partition: number;
  readonly offset: number;
  /** The broker's append time, in milliseconds since 1970. */
  readonly appendedAt: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
};

/** The tables at the end of the run, all of one snapshot. */
export type Tables = {
  /** Each with the database's clock at the moment of reading. */
  readonly partitions: readonly PartitionRow[];
  readonly shows: readonly ShowRow[];
  readonly bookings: readonly Booking[];
  readonly seats: readonly {
    readonly showId: string;
    readonly seat: number;
    readonly bookingId: string;
  }[];
  readonly sections: readonly {
    readonly showId: string;
    readonly section: number;
    readonly capacity: number;
    readonly held: number;
    readonly confirmed: number;
  }[];
  readonly customers: readonly {
    readonly showId: string;
    readonly customer: string;
    readonly places: number;
    readonly holds: number;
  }[];
  readonly records: readonly {
    readonly partition: number;
    readonly first: number;
    readonly next: number;
    readonly body: string;
    readonly tail: string;
  }[];
  readonly deadLetters: readonly {
    readonly partition: number;
    readonly offset: number;
    readonly key: Buffer | null;
    readonly value: Buffer | null;
    readonly fault: string;
  }[];
};
