/** What `npm run fuzz` is told. Throws one sentence for what makes no sense. */
import { parseArgs } from "node:util";

import { parseWholeOption } from "@seatline/shared/testing/whole-option.ts";

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
    requests: parseWholeOption("--requests", values.requests, { min: 0, max: REQUESTS_MAX }),
    messages: parseWholeOption("--messages", values.messages, { min: 0, max: REQUESTS_MAX }),
    seed: parseWholeOption("--seed", values.seed, { min: 0, max: SEED_MAX }),
  };
}
