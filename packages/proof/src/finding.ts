/** What a check has found: the same for every checker of promises. */
export type Finding = {
  readonly name: string;
  readonly verdict: "ok" | "violated" | "not-checked";
  /** What contradicts, or why nobody could look. */
  readonly details: readonly string[];
};
