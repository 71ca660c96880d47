/** Whether a show sells at a moment, by what those who run it have said and by the log's clock. */
import type { Moment } from "./decision.ts";
import type { ShowFacts } from "./model.ts";
import type { Refusal } from "./outcome.ts";
import type { Show } from "./show.ts";

/** Why no booking is taken; null if one may be. In the order of the refusal reasons. */
export function findSaleRefusal(
  facts: ShowFacts,
  moment: Pick<Moment, "appendedAt">,
): Refusal | null {
  const { sale, archived, opensAt, closesAt } = facts;
  if (sale === "cancelled") return { reason: "show-cancelled", facts: null };
  if (opensAt !== null && moment.appendedAt < opensAt) {
    return { reason: "sale-not-open", facts: { opensAt } };
  }
  if (closesAt !== null && moment.appendedAt >= closesAt) {
    return { reason: "sale-closed", facts: { closesAt } };
  }
  return sale === "closed" || archived ? { reason: "sale-closed", facts: null } : null;
}

/**
 * Whether places may have come back that go to those who wait before anybody else gets them. A show
 * that does not sell serves nobody, however long it takes.
 */
export function isServing({ mayServe, facts }: Show, moment: Pick<Moment, "appendedAt">): boolean {
  return mayServe && findSaleRefusal(facts, moment) === null;
}
