/** A copy of the checkout in which faults are planted: its own sources, and what is installed beside them. */
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

export type Scratch = {
  readonly folder: string;
  readonly plant: (patch: string) => void;
  readonly takeOut: (patch: string) => void;
  readonly remove: () => void;
};

/** Throws what git says of a patch that does not fit any more. */
export function openScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), "seatline-mutants-"));
  const listed = execFileSync(
    "git",
    ["ls-files", "--cached", "--others", "--exclude-standard", "-z"],
    {
      cwd: ROOT,
      encoding: "utf8",
    },
  );
  const files = listed.split("\0").filter((file) => file !== "" && existsSync(join(ROOT, file)));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  for (const home of new Set(files.map(dirname))) linkInstalled(folder, home);
  const apply = (...args: string[]) => {
    execFileSync("git", ["apply", ...args], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  return {
    folder,
    plant: (patch) => {
      apply(patch);
    },
    takeOut: (patch) => {
      apply("--reverse", patch);
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}

/**
 * Links of the workspace are relative, so a copy of them leads to the copy of a package; packages of others lie in
 * one store, and are only linked.
 */
function linkInstalled(folder: string, home: string): void {
  const installed = join(ROOT, home, "node_modules");
  if (!existsSync(installed)) return;
  mkdirSync(join(folder, home, "node_modules"), { recursive: true });
  for (const name of readdirSync(installed)) {
    const [from, to] = [join(installed, name), join(folder, home, "node_modules", name)];
    if (name === ".pnpm") symlinkSync(from, to);
    else if (!name.startsWith(".")) {
      cpSync(from, to, { recursive: true, verbatimSymlinks: true });
    }
  }
}
