/** The planted faults that are kept: each a small patch, with a head that says what it is and who must notice. */
import { readFileSync, readdirSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const MUTANTS_FOLDER = fileURLToPath(new URL("../../mutants/", import.meta.url));

/** `simulation`, `interleaving`, or a tier of tests and a file of it. */
export type Catcher =
  | { readonly kind: "simulation" | "interleaving" }
  | {
      readonly kind: "test";
      readonly tier: "pure" | "pg" | "kafka" | "e2e";
      readonly file: string;
    };

export type Mutant = {
  readonly name: string;
  readonly patch: string;
  readonly area: string;
  readonly fault: string;
  /** Each of them notices, by itself. */
  readonly catchers: readonly Catcher[];
};

/** All of them, by name. Throws one sentence where a head lacks something. */
export function readMutants(): Mutant[] {
  return readdirSync(MUTANTS_FOLDER)
    .filter((file) => file.endsWith(".patch"))
    .sort()
    .map((file) => readMutant(`${MUTANTS_FOLDER}${file}`));
}

function readMutant(patch: string): Mutant {
  const name = basename(patch, ".patch");
  const [head = ""] = readFileSync(patch, "utf8").split("\n\n");
  const lines = head.split("\n").map((line) => line.split(": "));
  const valuesOf = (label: string) =>
    lines.filter(([key]) => key === label).map(([, ...value]) => value.join(": "));
  const [[area], [fault], catchers] = [
    valuesOf("Area"),
    valuesOf("Fault"),
    valuesOf("Caught by").map((text) => parseCatcher(name, text)),
  ];
  if (area === undefined || fault === undefined || catchers.length === 0) {
    throw new Error(`${name}.patch must begin with its Area, its Fault and who it is Caught by.`);
  }
  return { name, patch, area, fault, catchers };
}

function parseCatcher(name: string, text: string): Catcher {
  if (text === "simulation" || text === "interleaving") return { kind: text };
  const [, tier, file] = /^(pure|pg|kafka|e2e) (\S+)$/.exec(text) ?? [];
  if (file === undefined) throw new Error(`${name}.patch is caught by nobody known: ${text}.`);
  return { kind: "test", tier: tier as "pure" | "pg" | "kafka" | "e2e", file };
}
