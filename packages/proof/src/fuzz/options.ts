/** What `npm run fuzz` is told. Throws one sentence for what makes no sense. */
import { parseArgs } from "node:util";

type FuzzOptions = {
  readonly url: string | undefined;
  readonly requests: number;
  readonly messages: number;
  readonly seed: number;
};

const REQUESTS_MAX = 100_000_000;
const SEED_MAX = 0x7fff_ffff;

export function parseFuzzOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      url: { type: "string" },
      requests: { type: "string", default: "20000" },
      messages: { type: "string", default: "2000" },
      seed: { type: "string", default: String(Date.now() % SEED_MAX) },
    },
  });
  return {
    url: values.url,
    requests: parseCount("--requests", values.requests, REQUESTS_MAX),
    messages: parseCount("--messages", values.messages, REQUESTS_MAX),
    seed: parseCount("--seed", values.seed, SEED_MAX),
  };
}

function parseCount(name: string, text: string, most: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= most) return value;
  throw new Error(`${name} must be a whole number from 0 to ${most}, not ${JSON.stringify(text)}.`);
}
