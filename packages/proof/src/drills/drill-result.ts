/** What a drill comes to. */
import type { Infrastructure } from "@seatline/infra/infrastructure.ts";

import { violated } from "../finding.ts";
import type { Finding } from "../finding.ts";

export type DrillGround = {
  /** Servers that may be hurt. */
  readonly infra: Infrastructure;
  /** Where logs are kept. */
  readonly folder: string;
  /** How long a drill lasts that lasts as long as it is told. */
  readonly minutes: number;
  readonly print: (line: string) => void;
};

export type DrillResult = {
  /** What was measured, in the order in which it is told. */
  readonly figures: readonly (readonly [what: string, figure: string])[];
  /** What is not so; nothing in a good drill. */
  readonly wrong: readonly Finding[];
};

/** A promise about one figure or fact of a drill. */
export function expectSo(name: string, isSo: boolean, detail: string): Finding[] {
  return isSo ? [] : [violated(name, [detail])];
}
