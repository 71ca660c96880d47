/** Reads the bodies of requests about bookings: what their schemas cannot say is found here. Pure. */
import type { Static } from "typebox";

import type { BookBody, CancelBody } from "@seatline/shared/contract/http-bookings.ts";
import { PLACES_PER_BOOKING_MAX, findWantsFault } from "@seatline/shared/contract/values.ts";
import type { Sound } from "@seatline/shared/contract/values.ts";
import { assert } from "@seatline/shared/core/assert.ts";
import type { Want, WantFilter } from "@seatline/shared/core/model.ts";
import type { Cancel } from "@seatline/shared/core/requests.ts";

import type { BookInput } from "./bookings.ts";
import { NO_DAY, parseInstant } from "./read.ts";
import type { Faults } from "./validation.ts";

type Body = Static<typeof BookBody>;
type WantBody = NonNullable<Body["wants"]>[number];

/** What is asked for; null where anything is wrong with it. */
export function readBook(body: Body, faults: Faults<Body>): Omit<BookInput, "key"> | null {
  const { ifUnavailable, waitUntil, as } = faults.sound;
  const until = faults.read("waitUntil", parseInstant, NO_DAY);
  if (waitUntil !== undefined && ifUnavailable === undefined) {
    faults.push({ path: "/waitUntil", message: 'needs "ifUnavailable": "wait"' });
  }
  if (as === "staff" && ifUnavailable === "wait") {
    const message =
      'must be left out where ifUnavailable is "wait": who waits is given places like anybody else';
    faults.push({ path: "/as", message });
  }
  checkWants(faults);
  if (faults.any) return null;
  return {
    showId: body.showId,
    customer: body.customer ?? null,
    wants: (body.wants ?? [body]).map(readWant),
    confirmNow: body.confirm === "now",
    holdMs: null,
    wait: ifUnavailable === undefined ? null : { until },
    byStaff: as === "staff",
  };
}

/** One want among the body's own members, or a list of them. */
function checkWants(faults: Faults<Body>): void {
  const { seats, together, count, sections, priceMax, accessible, wants } = faults.sound;
  const own = { seats, together, count, sections, priceMax, accessible };
  if (wants === undefined) checkWant(own, "", faults);
  else if (Object.values(own).some((member) => member !== undefined)) {
    const message = "exactly one of count, seats, together and wants must be given";
    faults.push({ path: "", message });
  }
  for (const [index, want] of (wants ?? []).entries()) {
    if (want !== null) checkWant(want, `/wants/${index}`, faults);
  }
  const fault = findWantsFault(wants ?? [own]);
  if (fault !== null) faults.push({ path: "/wants", message: fault });
}

function checkWant(want: Sound<WantBody>, path: string, faults: Faults<Body>): void {
  const { seats, together, count } = want;
  if ([seats, together, count].filter((member) => member !== undefined).length !== 1) {
    const ways = path === "" ? "count, seats, together and wants" : "count, seats and together";
    faults.push({ path, message: `exactly one of ${ways} must be given` });
  }
  const people = together?.reduce<number>((sum, size) => sum + (size ?? 0), 0) ?? 0;
  if (people > PLACES_PER_BOOKING_MAX) {
    const message = `must be groups of at most ${PLACES_PER_BOOKING_MAX} people together`;
    faults.push({ path: `${path}/together`, message });
  }
}

function readWant({ seats, together, count, ...body }: WantBody): Want {
  const filter = readFilter(body);
  if (seats !== undefined) return { seats, ...filter };
  if (together !== undefined) return { together, ...filter };
  assert(count !== undefined, "a want was checked before it is read");
  return { count, ...filter };
}

function readFilter({ sections, priceMax, accessible }: WantBody): WantFilter {
  return {
    ...(sections === undefined ? {} : { sections }),
    ...(priceMax === undefined ? {} : { priceMax }),
    ...(accessible === undefined ? {} : { accessible }),
  };
}

/** What to give back: all, unless something is named. */
export function readCancel(
  body: Static<typeof CancelBody> | null,
): Pick<Cancel, "places" | "byStaff"> {
  const { seats, standing, as } = body ?? {};
  const isPartial = seats !== undefined || standing !== undefined;
  const places = isPartial ? { seats: seats ?? [], standing: standing ?? [] } : null;
  return { places, byStaff: as === "staff" };
}
