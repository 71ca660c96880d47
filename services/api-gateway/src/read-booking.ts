/** Reads the bodies of requests about bookings: what their schemas cannot say is found here. Pure. */
import type { Static } from "typebox";

import type { BookBody, CancelBody } from "@seatline/shared/contract/http-bookings.ts";
import { PLACES_PER_BOOKING_MAX, findWantsFault } from "@seatline/shared/contract/values.ts";
import { wantedPlaces } from "@seatline/shared/core/model.ts";
import type { Want, WantFilter } from "@seatline/shared/core/model.ts";
import type { Cancel } from "@seatline/shared/core/requests.ts";

import type { BookInput } from "./bookings.ts";
import type { Fault } from "./problems.ts";
import { parseInstant } from "./read.ts";

type Body = Static<typeof BookBody>;
type WantBody = NonNullable<Body["wants"]>[number];

/** What is asked for; whatever is wrong with it goes to `faults`. */
export function readBook(body: Body, faults: Fault[]): Omit<BookInput, "key"> {
  const { showId, customer = null, confirm, ifUnavailable, waitUntil, as } = body;
  const until = waitUntil === undefined ? null : parseInstant(waitUntil);
  if (waitUntil !== undefined && until === null) {
    faults.push({ path: "/waitUntil", message: "must be a day that exists, from 1970 on" });
  }
  if (waitUntil !== undefined && ifUnavailable === undefined) {
    faults.push({ path: "/waitUntil", message: 'needs "ifUnavailable": "wait"' });
  }
  if (as === "staff" && ifUnavailable !== undefined) {
    const message =
      'must be left out where ifUnavailable is "wait": who waits is given places like anybody else';
    faults.push({ path: "/as", message });
  }
  const wants = readWants(body, faults);
  const fault = findWantsFault(wants);
  if (fault !== null) faults.push({ path: "/wants", message: fault });
  return {
    showId,
    customer,
    wants,
    confirmNow: confirm === "now",
    holdMs: null,
    wait: ifUnavailable === undefined ? null : { until },
    byStaff: as === "staff",
  };
}

/** One want among the body's own members, or a list of them. */
function readWants({ wants, ...body }: Body, faults: Fault[]): Want[] {
  const { seats, together, count, sections, priceMax, accessible } = body;
  const own = [seats, together, count, sections, priceMax, accessible];
  if (wants === undefined) return [readWant(body, "", faults)];
  if (own.some((member) => member !== undefined)) {
    const message = "exactly one of count, seats, together and wants must be given";
    faults.push({ path: "", message });
  }
  return wants.map((want, index) => readWant(want, `/wants/${index}`, faults));
}

function readWant(body: WantBody, path: string, faults: Fault[]): Want {
  const { seats, together, count } = body;
  const asked = [
    ...(seats === undefined ? [] : [{ seats }]),
    ...(together === undefined ? [] : [{ together }]),
    ...(count === undefined ? [] : [{ count }]),
  ];
  const [only] = asked;
  if (only === undefined || asked.length > 1) {
    const ways = path === "" ? "count, seats, together and wants" : "count, seats and together";
    const message = `exactly one of ${ways} must be given`;
    faults.push({ path, message });
    return { count: 1 };
  }
  if (wantedPlaces(only) > PLACES_PER_BOOKING_MAX) {
    const message = `must be groups of at most ${PLACES_PER_BOOKING_MAX} people together`;
    faults.push({ path: `${path}/together`, message });
  }
  return { ...only, ...readFilter(body) };
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
