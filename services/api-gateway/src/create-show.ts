/** Creating a show: through the line like everything else, and then read back with its number. */
import { randomUUID } from "node:crypto";

import { buildShowId } from "@seatline/shared/contract/booking-id.ts";
import { partitionOf } from "@seatline/shared/contract/partition.ts";
import type { CreateShow } from "@seatline/shared/core/model.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import type { Patience } from "./bookings.ts";
import type { LineMemory } from "./line-memory.ts";
import type { Line, Submitted } from "./line.ts";
import type { Shows } from "./shows.ts";

export type CreatedShow = { readonly showId: string } & (
  | Exclude<Submitted, { status: "decided" }>
  /** Null if the creation was parked as a dead letter. */
  | { readonly status: "decided"; readonly show: ShowRow | null }
);

/** Puts the creation of a show into its line and waits for it. */
export async function createShow(
  deps: { readonly line: Line; readonly memory: LineMemory; readonly shows: Shows },
  facts: Pick<CreateShow, "name" | "startsAt" | "layout" | "rules">,
  patience: Patience,
): Promise<CreatedShow> {
  const { line, memory, shows } = deps;
  const showId = buildShowId(Date.now());
  const request: CreateShow = { kind: "create-show", requestId: randomUUID(), showId, ...facts };
  const partition = partitionOf(showId, memory.partitionCount);
  const submitted = await line.submit({ request, partition, key: showId, ...patience });
  if (submitted.status !== "decided") return { ...submitted, showId };
  const { outcome } = submitted.entry;
  const show = outcome.kind === "show" ? await shows.find(showId) : null;
  return { status: "decided", showId, show };
}
