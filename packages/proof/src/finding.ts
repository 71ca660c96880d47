/** What a check has found: the same for every checker of promises. */
export type Finding = {
  readonly name: string;
  readonly verdict: "ok" | "violated" | "not-checked";
  /** What contradicts, or why nobody could look. */
  readonly details: readonly string[];
};

/** A promise that was not kept. */
export function violated(name: string, details: readonly string[]): Finding {
  return { name, verdict: "violated", details };
}

/** What people read of promises that were not kept. */
export function describeWrong(
  wrong: readonly Pick<Finding, "name" | "details">[],
  about = "",
): string[] {
  return wrong.flatMap(({ name, details }) => [
    `NOT SO${about}: ${name}`,
    ...details.map((detail) => `  ${detail}`),
  ]);
}
