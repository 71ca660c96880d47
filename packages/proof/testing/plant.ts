/** A contradiction in a history that is true otherwise, and the check that must find it. */
import type { HistoryCheckName } from "../src/history/check-history.ts";
import type { History } from "../src/history/history.ts";
import type { Scenario } from "./scenario.ts";

export type Plant = {
  readonly name: string;
  readonly finds: HistoryCheckName;
  readonly plant: (scenario: Scenario) => History;
};
