/** Reads the small texts that arrive in paths and queries. Pure; null means: not of that form. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NUMBER = /^[1-9]\d{0,9}$/;
const NUMBER_MAX = 2_147_483_647;
const YEAR_10000_MS = 253_402_300_800_000;

/** A show's id (in lower case) or short number. */
export function parseShowKey(text: string): string | number | null {
  if (UUID.test(text)) return text.toLowerCase();
  if (!NUMBER.test(text)) return null;
  const number = Number(text);
  return number <= NUMBER_MAX ? number : null;
}

/** A whole number from 0 to `max`, or the fallback if nothing was given. */
export function parseLimit(
  text: string | undefined,
  { fallback, max }: { fallback: number; max: number },
): number | null {
  if (text === undefined) return fallback;
  if (!/^\d{1,10}$/.test(text)) return null;
  const value = Number(text);
  return value <= max ? value : null;
}

/**
 * An ISO 8601 time with an offset as milliseconds. `Date.parse` takes the 30th of February for the
 * 2nd of March, so the day is looked at again.
 */
export function parseInstant(text: string): number | null {
  const ms = Date.parse(text);
  const [year, month, day] = text.slice(0, 10).split("-").map(Number);
  if (Number.isNaN(ms) || ms < 0 || ms >= YEAR_10000_MS) return null;
  if (year === undefined || month === undefined || day === undefined) return null;
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day ? ms : null;
}

const LOOSE_TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/i;

/** A time as the older backends took it: a blank for the T is fine, and without an offset it is UTC. */
export function parseLooseTime(text: string): number | null {
  const match = LOOSE_TIME.exec(text.trim());
  if (match === null) return null;
  const [, day, clock = "00:00:00", offset = "Z"] = match;
  return parseInstant(`${day}T${clock}${offset.toUpperCase()}`);
}
