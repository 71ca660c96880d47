/** What a check of a history says. */

export type Finding = {
  readonly name: string;
  readonly verdict: "ok" | "violated" | "not-checked";
  /** What contradicts, or why nobody could look. */
  readonly details: readonly string[];
};

/** Of a promise that is broken everywhere, these say enough. */
const DETAILS_MAX = 20;

/** Whether a promise was kept; `faults` are the contradictions, as sentences. */
export function found(name: string, faults: readonly string[]): Finding {
  const details = faults.slice(0, DETAILS_MAX);
  if (faults.length > DETAILS_MAX) details.push(`and ${faults.length - DETAILS_MAX} more`);
  return { name, verdict: faults.length === 0 ? "ok" : "violated", details };
}
