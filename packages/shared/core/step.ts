/**
 * One turn of the line: time passes, the request is decided, the state follows. A batch is a fold of
 * this; so are the replay of a sale and every test of the rules.
 */
import { decide } from "./decide.ts";
import { releaseLapsed } from "./lapse.ts";
import type { Decision, Moment, Request } from "./model.ts";
import { apply } from "./show.ts";
import type { LineState } from "./show.ts";

/**
 * Releases the holds of the request's show that have lapsed by the log's clock, oldest first, then
 * decides the request. Consumes `state` (see `apply`); the decision lists all writes in order.
 */
export function step(state: LineState, request: Request, moment: Moment): Decision {
  const lapses = releaseLapsed(state, request, moment);
  apply(state, lapses);
  const decision = decide(state, request, moment);
  apply(state, decision.writes);
  return { outcome: decision.outcome, writes: [...lapses, ...decision.writes] };
}
