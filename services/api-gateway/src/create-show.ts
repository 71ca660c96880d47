/** Creating a show: through the line like everything else, and then read back with its number. */
import { randomUUID } from "node:crypto";

import { buildKeyedShowId, buildShowId } from "@seatline/shared/contract/booking-id.ts";
import type { IdSecrets, IdempotencyKey } from "@seatline/shared/contract/booking-id.ts";
import { partitionOf } from "@seatline/shared/contract/partition.ts";
import { hashCreateShow } from "@seatline/shared/contract/request.ts";
import type { CreateShow, RefusalReason } from "@seatline/shared/core/model.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import type { Patience } from "./bookings.ts";
import type { LineMemory } from "./line-memory.ts";
import type { Line, Submitted } from "./line.ts";
import type { Shows } from "./shows.ts";

export type CreatedShow = { readonly showId: string } & (
  | Exclude<Submitted, { status: "decided" }>
  | { readonly status: "created"; readonly show: ShowRow }
  | { readonly status: "refused"; readonly reason: RefusalReason }
);

export type CreateShowInput = Pick<CreateShow, "name" | "startsAt" | "layout" | "rules"> & {
  readonly key: IdempotencyKey | null;
};

/** Puts the creation of a show into its line and waits for it. */
export async function createShow(
  deps: {
    readonly secrets: IdSecrets;
    readonly line: Line;
    readonly memory: LineMemory;
    readonly shows: Shows;
  },
  { key, ...asked }: CreateShowInput,
  patience: Patience,
): Promise<CreatedShow> {
  const { secrets, line, memory, shows } = deps;
  const showId = key === null ? buildShowId(Date.now()) : buildKeyedShowId(secrets, key);
  const requestHash = hashCreateShow(asked);
  const request = {
    kind: "create-show",
    requestId: randomUUID(),
    showId,
    ...asked,
    requestHash,
  } as const;
  const partition = partitionOf(showId, memory.partitionCount);
  const submitted = await line.submit({ request, partition, key: showId, ...patience });
  if (submitted.status !== "decided") return { ...submitted, showId };
  const { outcome } = submitted.entry;
  if (outcome.kind === "refused") return { status: "refused", showId, reason: outcome.reason };
  const show = await shows.find(showId);
  return show === null
    ? { status: "refused", showId, reason: "internal" }
    : { status: "created", showId, show };
}
