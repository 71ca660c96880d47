/**
 * What no linter knows: that every file is used, that the layers hold, and that documents say what is
 * there. Each rule was seen to fail on a planted fault.
 */
import { existsSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { CONFIG as GATEWAY } from "@seatline/api-gateway/config.ts";
import { PROBLEMS } from "@seatline/api-gateway/problems.ts";
import { describe, expect, it } from "vitest";

import { CONFIG as WORKER } from "../services/booking-worker/src/config.ts";
import { CONFIG as EXPIRY } from "../services/expiry-worker/src/config.ts";
import { CONFIG as MIGRATE } from "../scripts/migrate-config.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FILES = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: ROOT,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(join(ROOT, file)));
const SOURCES = FILES.filter((file) => /\.(ts|mjs)$/.test(file));
const DOCUMENTS = FILES.filter((file) => file.endsWith(".md"));
const PACKAGES: Readonly<Record<string, string>> = {
  "@seatline/shared/": "packages/shared/",
  "@seatline/infra/": "packages/infra/src/",
  "@seatline/bench/": "packages/bench/src/",
  "@seatline/proof/": "packages/proof/src/",
  "@seatline/api-gateway/": "services/api-gateway/src/",
  "@seatline/booking-worker/": "services/booking-worker/src/",
  "@seatline/expiry-worker/": "services/expiry-worker/src/",
};

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** The files of this repository that a source file imports. */
function importsOf(file: string): string[] {
  const specifiers = read(file).matchAll(/(?:from|import|new URL)\s*\(?\s*"([^"]+)"/g);
  return [...specifiers].flatMap(([, specifier = ""]) => resolve(file, specifier));
}

/** The file of this repository that a source file means; none for a package of others. */
function resolve(file: string, specifier: string): string[] {
  if (specifier.startsWith(".")) return [normalize(join(dirname(file), specifier))];
  const prefix = Object.keys(PACKAGES).find((known) => specifier.startsWith(known));
  return prefix === undefined ? [] : [`${PACKAGES[prefix]}${specifier.slice(prefix.length)}`];
}

/** What a source file imports by name, as `file: name`. */
function namesImportedBy(file: string): string[] {
  const imports = read(file).matchAll(/import\s+(?:type\s+)?\{([^}]*)\}\s+from\s+"([^"]+)"/g);
  return [...imports].flatMap(([, names = "", specifier = ""]) =>
    resolve(file, specifier).flatMap((target) =>
      names.split(",").map((name) => `${target}: ${name.trim().split(" ")[0]}`),
    ),
  );
}

/** Whether a file begins something: a process, a command, a test, a tool's configuration. */
function isEntry(file: string): boolean {
  return (
    /\.test\.ts$|\.config\.ts$|\/main\.ts$|^tests\/setup\//.test(file) ||
    file.startsWith("packages/infra/fixtures/") ||
    isNamedByCommand(file)
  );
}

const COMMANDS = [
  "package.json",
  "docker-compose.yml",
  "Dockerfile",
  ...SOURCES.filter((file) => /^(scripts|packages\/infra)\//.test(file)),
].map(read);

function isNamedByCommand(file: string): boolean {
  const name = file.replace(/^packages\/infra\/src\//, "");
  return COMMANDS.some(
    (text) => text.includes(`"${name}"`) || text.includes(`${name}"`) || text.includes(` ${file}`),
  );
}

describe("the code", () => {
  it("has no file that nothing uses", () => {
    const reached = new Set<string>();
    const open = SOURCES.filter(isEntry);
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (reached.has(file) || !existsSync(join(ROOT, file))) continue;
      reached.add(file);
      open.push(...importsOf(file).filter((next) => /\.(ts|mjs)$/.test(next)));
    }
    expect(SOURCES.filter((file) => !reached.has(file))).toEqual([]);
  });

  it("exports nothing that only its own file uses", () => {
    const used = new Set(SOURCES.flatMap(namesImportedBy));
    // Some are read by tools: by vitest, and the tables by drizzle-kit.
    const isRead = (file: string) => /(\.test|\.config|\/schema)\.ts$|^tests\/setup\//.test(file);
    const exported = SOURCES.filter((file) => !isRead(file)).flatMap((file) =>
      [...read(file).matchAll(/^export (?:async )?(?:function|const|class|type) (\w+)/gm)].map(
        ([, name = ""]) => `${file}: ${name}`,
      ),
    );
    expect(exported.filter((name) => !used.has(name))).toEqual([]);
  });

  it("keeps to its layers", () => {
    const allowed: Readonly<Record<string, readonly string[]>> = {
      core: ["core"],
      contract: ["contract", "core"],
      db: ["db", "contract", "core", "runtime"],
      line: ["line", "db", "contract", "core", "runtime"],
      runtime: ["runtime"],
      testing: ["testing", "line", "db", "contract", "core", "runtime"],
    };
    const strays = SOURCES.filter((file) => !file.endsWith(".test.ts")).flatMap((file) => {
      const layer = /^packages\/shared\/([a-z]+)\//.exec(file)?.[1];
      if (layer === undefined) return [];
      return importsOf(file)
        .filter(
          (target) =>
            !(allowed[layer] ?? []).some((known) => target.startsWith(`packages/shared/${known}/`)),
        )
        .map((target) => `${file} → ${target}`);
    });
    expect(strays).toEqual([]);
  });

  it("has services that do not know each other", () => {
    const strays = SOURCES.filter((file) => file.startsWith("services/")).flatMap((file) => {
      const own = file.split("/").slice(0, 2).join("/");
      return importsOf(file)
        .filter((target) => target.startsWith("services/") && !target.startsWith(`${own}/`))
        .map((target) => `${file} → ${target}`);
    });
    expect(strays).toEqual([]);
  });

  it("reads the environment and ends the process only where a process begins", () => {
    const inside = SOURCES.filter(
      (file) =>
        /^(services|packages\/shared)\//.test(file) && !/\.test\.ts$|\/testing\//.test(file),
    );
    const readers = inside.filter((file) => /process\.env\b/.test(read(file)));
    expect(readers.filter((file) => !file.endsWith("/main.ts"))).toEqual([]);
    const enders = inside.filter((file) => /process\.exit\(/.test(read(file)));
    expect(enders).toEqual(["packages/shared/runtime/lifecycle.ts"]);
  });

  it("opens no transaction from Node", () => {
    const begins = SOURCES.filter((file) => !file.endsWith("tidy.test.ts")).filter((file) =>
      /\bsql\.begin\b|\bdb\.transaction\(/.test(read(file)),
    );
    expect(begins).toEqual([]);
  });

  it("leaves nothing for later without an issue, and no test out", () => {
    const loose = SOURCES.filter((file) => !file.endsWith("tidy.test.ts")).flatMap((file) =>
      read(file)
        .split("\n")
        .filter((line) =>
          /\b(TODO(?!\(#\d+\))|FIXME|XXX)\b|\b(it|test|describe)\.(skip|only|todo)\b/.test(line),
        )
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(loose).toEqual([]);
  });
});

describe("the documents", () => {
  it("have a section for every problem, and for no other", () => {
    const sections = [...read("docs/problems.md").matchAll(/^## (.+)$/gm)].map(([, name]) => name);
    expect(sections).toEqual(Object.keys(PROBLEMS));
  });

  it("give the status of every problem", () => {
    for (const [reason, { status }] of Object.entries(PROBLEMS)) {
      expect(read("docs/problems.md")).toContain(`## ${reason}\n\n${status}`);
    }
  });

  it("name every setting in .env.example and in the README", () => {
    const settings = Object.keys({ ...GATEWAY, ...WORKER, ...EXPIRY, ...MIGRATE });
    const example = [...read(".env.example").matchAll(/^#?([A-Z][A-Z_]+)=/gm)].map(
      ([, name]) => name,
    );
    expect(settings.filter((name) => !example.includes(name))).toEqual([]);
    const readme = read("README.md");
    expect(settings.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it("name only scripts that exist", () => {
    const manifest: unknown = JSON.parse(read("package.json"));
    const scripts = Object.keys((manifest as { scripts: object }).scripts);
    const named = DOCUMENTS.flatMap((file) =>
      [...read(file).matchAll(/npm (?:run )?(start|test|(?<=run )[a-z-]+)/g)].map(
        ([, name]) => name,
      ),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => name !== undefined && !scripts.includes(name))).toEqual([]);
  });

  it("have links that lead somewhere", () => {
    const broken = DOCUMENTS.flatMap((file) =>
      [...read(file).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
        .map(([, link = ""]) => link)
        .filter((link) => !existsSync(join(ROOT, dirname(file), link)))
        .map((link) => `${file} → ${link}`),
    );
    expect(broken).toEqual([]);
  });
});
