/** Reads the small texts that arrive in paths and queries. Pure; null means: not of that form. */
import { TIME_MAX_MS, UUID_PATTERN } from "@seatline/shared/contract/values.ts";

/** The short numbers of shows are integers of Postgres. */
export const SHOW_NUMBER_MAX = 2_147_483_647;
const UUID = new RegExp(UUID_PATTERN, "i");
const SHOW_NUMBER = /^[1-9]\d{0,9}$/;

/** What is told of a text that is written like a time, and is none. */
export const NO_DAY = "must be a day that exists, from 1970 to 9999";

/** An id, in lower case. */
export function parseId(text: string): string | null {
  return UUID.test(text) ? text.toLowerCase() : null;
}

/** A show's id (in lower case) or short number. */
export function parseShowKey(text: string): string | number | null {
  const id = parseId(text);
  if (id !== null) return id;
  if (!SHOW_NUMBER.test(text)) return null;
  const number = Number(text);
  return number <= SHOW_NUMBER_MAX ? number : null;
}

/** A whole number from `min` to `max`. */
export function parseNumber(
  text: string,
  { min, max }: { min: number; max: number },
): number | null {
  if (!/^\d{1,10}$/.test(text)) return null;
  const value = Number(text);
  return min <= value && value <= max ? value : null;
}

/**
 * An ISO 8601 time with an offset as milliseconds. `Date.parse` takes the 30th of February for the
 * 2nd of March, so the day is looked at again.
 */
export function parseInstant(text: string): number | null {
  const ms = Date.parse(text);
  const [year, month, day] = text.slice(0, 10).split("-").map(Number);
  if (Number.isNaN(ms) || ms < 0 || ms > TIME_MAX_MS) return null;
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
