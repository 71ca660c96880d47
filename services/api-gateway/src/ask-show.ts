/** Creating and changing a show: through the line like everything else, and then read back. */
import { buildKeyedShowId, buildShowId } from "@seatline/shared/contract/booking-id.ts";
import type { IdSecrets, IdempotencyKey } from "@seatline/shared/contract/booking-id.ts";
import { partitionOf } from "@seatline/shared/contract/partition.ts";
import { hashCreateShow } from "@seatline/shared/contract/request.ts";
import type { RefusalFacts, RefusalReason } from "@seatline/shared/core/model.ts";
import type { CreateShow, Request, ShowChanges } from "@seatline/shared/core/requests.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";
import type { Host } from "@seatline/shared/runtime/host.ts";

import type { Patience } from "./bookings.ts";
import type { LineMemory } from "./line-memory.ts";
import type { Line, Submitted } from "./line.ts";
import type { Shows } from "./shows.ts";

/** What became of the request: the show as it is now, or why not. */
export type AskedShow = { readonly showId: string } & (
  | Exclude<Submitted, { status: "decided" }>
  | { readonly status: "decided"; readonly show: ShowRow }
  | {
      readonly status: "refused";
      readonly reason: RefusalReason;
      readonly facts: RefusalFacts | null;
    }
);

type CreateShowInput = Omit<CreateShow, "kind" | "requestId" | "showId" | "requestHash"> & {
  readonly key: IdempotencyKey | null;
};

type Deps = {
  readonly host: Host;
  readonly secrets: IdSecrets;
  readonly line: Line;
  readonly memory: LineMemory;
  readonly shows: Shows;
};

/** Puts the creation of a show into its line and waits for it. */
export function createShow(
  deps: Deps,
  { key, ...asked }: CreateShowInput,
  patience: Patience,
): Promise<AskedShow> {
  const showId = key === null ? buildShowId(deps.host) : buildKeyedShowId(deps.secrets, key);
  const requestHash = hashCreateShow(asked);
  const requestId = deps.host.uuid();
  return ask(deps, { kind: "create-show", requestId, showId, ...asked, requestHash }, patience);
}

/** The same for a change. */
export function changeShow(
  deps: Deps,
  { showId, changes }: { readonly showId: string; readonly changes: ShowChanges },
  patience: Patience,
): Promise<AskedShow> {
  const requestId = deps.host.uuid();
  return ask(deps, { kind: "change-show", requestId, showId, changes, after: null }, patience);
}

async function ask(
  { line, memory, shows }: Deps,
  request: Extract<Request, { kind: "create-show" | "change-show" }>,
  patience: Patience,
): Promise<AskedShow> {
  const { showId } = request;
  const partition = partitionOf(showId, memory.partitionCount);
  const submitted = await line.submit({ request, partition, key: showId, ...patience });
  if (submitted.status !== "decided") return { ...submitted, showId };
  const { outcome } = submitted.entry;
  if (outcome.kind === "refused") {
    return { status: "refused", showId, reason: outcome.reason, facts: outcome.facts };
  }
  const show = await shows.find(showId);
  return show === null
    ? { status: "refused", showId, reason: "internal", facts: null }
    : { status: "decided", showId, show };
}
