/** A whole number that a command is told, like `--runs 40`; throws one sentence for anything else. */
export function parseWholeOption(
  name: string,
  text: string,
  { min = 1, max }: { readonly min?: number; readonly max: number },
): number {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Error(
    `${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}.`,
  );
}
