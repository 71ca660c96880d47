/**
 * What has to be the same at the next start: generated secrets, chosen ports, and which kind of
 * infrastructure holds the data. One file, mode 0600, written whole or not at all.
 */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PASSABLE_MODE } from "./paths.ts";

export type Settings = {
  /** Of the database that we run ourselves. */
  readonly password: string;
  /** Keys the booking ids: another one would make every id that was given out unknown. */
  readonly idSecret: string;
  readonly infra: "docker" | "embedded" | null;
  readonly ports: Readonly<Record<string, number>>;
};

const SECRET_BYTES = 32;

/** The kept settings; what is missing is made and kept. */
export function loadSettings(folder: string): Settings {
  const kept = readSettings(folder);
  const settings: Settings = {
    password: kept.password ?? randomBytes(SECRET_BYTES).toString("hex"),
    idSecret: kept.idSecret ?? randomBytes(SECRET_BYTES).toString("hex"),
    infra: kept.infra ?? null,
    ports: kept.ports ?? {},
  };
  if (kept.password === undefined || kept.idSecret === undefined) writeSettings(folder, settings);
  return settings;
}

/** Changes some of them. */
export function saveSettings(
  folder: string,
  change: { readonly infra?: Settings["infra"]; readonly ports?: Settings["ports"] },
): void {
  const settings = loadSettings(folder);
  const ports = { ...settings.ports, ...change.ports };
  writeSettings(folder, { ...settings, ...change, ports });
}

function writeSettings(folder: string, settings: Settings): void {
  mkdirSync(folder, { recursive: true, mode: PASSABLE_MODE });
  const path = join(folder, "settings.json");
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

function readSettings(folder: string): Partial<Settings> {
  const path = join(folder, "settings.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return {};
  }
  try {
    return JSON.parse(text) as Partial<Settings>;
  } catch (error) {
    throw new Error(`${path} is damaged; npm run reset begins anew.`, { cause: error });
  }
}
