/** What follows from a layout, worked out once for each: where its seats are and what they are called. */
import { hash } from "node:crypto";

import { viewLayout } from "@seatline/shared/contract/layout-notation.ts";
import { SeatLabels, buildSeatPlan } from "@seatline/shared/core/seats/layout.ts";
import type { Layout, SeatPlan } from "@seatline/shared/core/seats/layout.ts";
import { flagsOf } from "@seatline/shared/core/seats/seat-flags.ts";
import type { SeatFlags } from "@seatline/shared/core/seats/seat-flags.ts";

export class LayoutGuide {
  readonly layout: Layout;
  readonly plan: SeatPlan;
  readonly sectionByName: ReadonlyMap<string, number>;
  #blocked: SeatFlags | undefined;
  #labels: SeatLabels | undefined;
  #text: { json: string; etag: string } | undefined;

  constructor(layout: Layout) {
    this.layout = layout;
    this.plan = buildSeatPlan(layout);
    this.sectionByName = new Map(layout.sections.map(({ name }, index) => [name, index]));
  }

  get blocked(): SeatFlags {
    this.#blocked ??= flagsOf(this.layout.blocked, this.plan.seats);
    return this.#blocked;
  }

  labelOf(seat: number): string {
    this.#labels ??= new SeatLabels(this.layout);
    return this.#labels.of(seat);
  }

  /** The layout as it is told, and the tag of exactly this text. */
  get text(): { readonly json: string; readonly etag: string } {
    if (this.#text === undefined) {
      const json = JSON.stringify(viewLayout(this.layout));
      this.#text = { json, etag: `"${hash("sha256", json).slice(0, 32)}"` };
    }
    return this.#text;
  }
}

/** As long as somebody keeps the layout: it is never changed, only replaced. */
const guides = new WeakMap<Layout, LayoutGuide>();

export function guideOf(layout: Layout): LayoutGuide {
  let guide = guides.get(layout);
  if (guide === undefined) {
    guide = new LayoutGuide(layout);
    guides.set(layout, guide);
  }
  return guide;
}
