/**
 * Pools of odd values, drawn once from a seed with fast-check and picked from a million times: any JSON, any
 * text, texts that match a pattern. Drawing each anew would cost more than the request it is for.
 */
import { jsonValue, oneof, sample, string, stringMatching } from "fast-check";
import type { Arbitrary } from "fast-check";

import type { Random } from "@seatline/shared/testing/random.ts";

const POOL_SIZE = 1_000;
const PATTERN_POOL_SIZE = 200;
const DEPTH_MAX = 4;

/** What has broken parsers, stores and terminals before. */
const ODD_TEXTS: readonly string[] = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff\ud800",
  "a\udc00",
  "\u202eabc\u202c",
  "שלום عالم",
  "🎭🎟️👩‍👩‍👧",
  "𝕏𐍈",
  "e\u0301\u0301\u0301\u0301",
  "\ufeff",
  "\u2028\u2029",
  "\r\nX-Injected: 1",
  "ﷺ".repeat(40),
  "NaN",
  "-Infinity",
  "1e309",
  "0x10",
  "١٢٣",
  "null",
  "undefined",
  "__proto__",
  "constructor",
  "toString",
  "'; drop table shows; --",
  "$1",
  "${7*7}",
  "{{7*7}}",
  "<script>alert(1)</script>",
  "../../etc/passwd",
  "%00",
  "%",
  "\\",
  '"',
  "x".repeat(10_000),
];

export class Junk {
  readonly #seed: number;
  readonly #values: readonly unknown[];
  readonly #texts: readonly string[];
  readonly #byPattern = new Map<string, readonly string[]>();

  constructor(seed: number) {
    this.#seed = seed;
    const texts = [string({ unit: "binary" }), string({ unit: "grapheme" })] as const;
    this.#texts = [...ODD_TEXTS, ...this.#draw(oneof(...texts), POOL_SIZE)];
    this.#values = this.#draw(jsonValue({ maxDepth: DEPTH_MAX }), POOL_SIZE);
  }

  value(random: Random): unknown {
    return random.pick(this.#values);
  }

  text(random: Random): string {
    return random.chance(0.5) ? random.pick(ODD_TEXTS) : random.pick(this.#texts);
  }

  /** A text that matches the pattern. */
  matching(pattern: string, random: Random): string {
    let pool = this.#byPattern.get(pattern);
    if (pool === undefined) {
      pool = this.#draw(stringMatching(new RegExp(pattern, "u")), PATTERN_POOL_SIZE);
      this.#byPattern.set(pattern, pool);
    }
    return random.pick(pool);
  }

  #draw<T>(arbitrary: Arbitrary<T>, count: number): readonly T[] {
    return sample(arbitrary, { seed: this.#seed, numRuns: count });
  }
}
