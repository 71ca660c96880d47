/** A short history that has something of everything, always the same but for its ids. */
import type { Want } from "@seatline/shared/core/model.ts";
import type { Book } from "@seatline/shared/core/requests.ts";
import { hashBook } from "@seatline/shared/contract/request.ts";
import { layoutOf, seated, standing } from "@seatline/shared/testing/builders.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestConfirm,
  requestExtend,
  requestShow,
} from "@seatline/shared/testing/requests.ts";

import type { History } from "../src/history/history.ts";
import { TrueHistory } from "./true-history.ts";

const HOLD_MS = 1_000;
const HOUR_MS = 60 * 60 * 1_000;
export const GATEWAY = "gateway-1";

export type Scenario = {
  readonly history: History;
  readonly showId: string;
  /** A show that limits its customers, in another line. */
  readonly limitedId: string;
  /** The ids of bookings, by what becomes of them. */
  readonly confirmed: string;
  readonly cancelled: string;
  /** Waited first, and had its hold lapse. */
  readonly servedFirst: string;
  readonly servedSecond: string;
  /** Standing places, extended, lapsed, and confirmed too late. */
  readonly lapsed: string;
  readonly newcomer: string;
  readonly limited: string;
};

/** Four seats of which the last is blocked, and two standing places. */
function buildShow() {
  const layout = layoutOf([seated("Stalls", "A", { seatsPerRow: 4 }), standing("Floor", 2)], {
    blocked: "4",
  });
  const rules = { holdMs: HOLD_MS, rescueMs: 0, cancelConfirmed: true };
  return requestShow({ partition: 0, layout, rules });
}

export function buildScenario(): Scenario {
  const seen = new TrueHistory();
  const show = buildShow();
  const small = requestShow({ partition: 1, rules: { seatsPerCustomerMax: 2 } });
  seen.ask(show);
  seen.ask(small);
  seen.decideAll();
  seen.catchUp(GATEWAY);
  const { showId } = show;
  const ask = (want: Want, waits = false) =>
    requestBook(showId, want, { wait: waits ? { until: NOON + HOUR_MS } : null });

  const confirmed = ask({ seats: [1] });
  seen.book(GATEWAY, confirmed, { key: "a key", waits: true });
  const cancelled = ask({ seats: [2] });
  const queued = seen.book(GATEWAY, cancelled);
  const place = queued.kind === "queued" ? queued.place : null;
  seen.find(GATEWAY, cancelled.requestId, place);
  seen.book(GATEWAY, confirmed, { key: "a key", waits: true });
  seen.find(GATEWAY, cancelled.requestId, place);
  seen.book(GATEWAY, buildAnother(confirmed), { key: "a key", waits: true });
  seen.now += 10;
  seen.change(GATEWAY, requestConfirm(confirmed.requestId, "paid"));
  seen.find(GATEWAY, confirmed.requestId);
  const [servedFirst, servedSecond] = [ask({ seats: [2] }, true), ask({ seats: [2] }, true)];
  seen.book(GATEWAY, servedFirst, { waits: true });
  seen.book(GATEWAY, servedSecond);
  seen.now += 10;
  seen.change(GATEWAY, requestCancel(cancelled.requestId));
  const lapsed = ask({ count: 2, sections: ["Floor"] });
  seen.book(GATEWAY, lapsed, { waits: true });
  seen.now += 10;
  seen.change(GATEWAY, requestExtend(lapsed.requestId));
  seen.put(0, Buffer.from("nonsense"), Buffer.from("any key"));
  const limited = requestBook(small.showId, { count: 2 }, { customer: "ann" });
  seen.book("gateway-2", limited, { waits: true });
  seen.now += 2 * HOLD_MS;
  const newcomer = ask({ seats: [3] });
  seen.book(GATEWAY, newcomer, { waits: true });
  seen.change(GATEWAY, requestConfirm(lapsed.requestId));
  seen.find(GATEWAY, lapsed.requestId);
  seen.bookInVain(GATEWAY, ask({ count: 1 }), null);
  seen.bookInVain(GATEWAY, ask({ count: 1 }), { kind: "unavailable" });
  seen.decideAll();
  return {
    history: { ...seen.build(), lapseMaxMs: HOLD_MS },
    showId,
    limitedId: small.showId,
    confirmed: confirmed.requestId,
    cancelled: cancelled.requestId,
    servedFirst: servedFirst.requestId,
    servedSecond: servedSecond.requestId,
    lapsed: lapsed.requestId,
    newcomer: newcomer.requestId,
    limited: limited.requestId,
  };
}

function buildAnother(request: Book): Book {
  const asked = { ...request, confirmNow: true };
  return { ...asked, requestHash: hashBook(asked) };
}
