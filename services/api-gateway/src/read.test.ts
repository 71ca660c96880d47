import { expect, test } from "vitest";

import { parseInstant, parseNumber, parseLooseTime, parseShowKey } from "./read.ts";
import { encodePlace, parsePlace } from "./views.ts";

const UUID = "01990000-0000-7000-8000-00000000abcd";

test.each([
  [UUID, UUID],
  [UUID.toUpperCase(), UUID],
  ["1", 1],
  ["2147483647", 2_147_483_647],
  ["2147483648", null],
  ["0", null],
  ["01", null],
  ["-1", null],
  ["1.0", null],
  ["1e3", null],
  ["", null],
  [" 1", null],
  ["abc", null],
  [`${UUID}0`, null],
  [UUID.replaceAll("-", ""), null],
])("%j as a show's key is %j", (text, key) => {
  expect(parseShowKey(text)).toBe(key);
});

test.each([
  ["0", null],
  ["1", 1],
  ["200", 200],
  ["201", null],
  ["-1", null],
  ["1.5", null],
  ["", null],
  ["x", null],
  ["99999999999", null],
])("%j as a limit is %j", (text, limit) => {
  expect(parseNumber(text, { min: 1, max: 200 })).toBe(limit);
});

test.each([
  ["2027-12-25T19:00:00Z", "2027-12-25T19:00:00.000Z"],
  ["2027-12-25T19:00:00+02:00", "2027-12-25T17:00:00.000Z"],
  ["2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ["2027-02-29T00:00:00Z", null],
  ["2027-04-31T00:00:00Z", null],
  ["1969-12-31T23:59:59Z", null],
  ["9999-12-31T23:59:59-14:00", null],
  ["soon", null],
])("%j as an instant is %j", (text, iso) => {
  const ms = parseInstant(text);
  expect(ms === null ? null : new Date(ms).toISOString()).toBe(iso);
});

test.each([
  ["2025-12-10 10:00:00", "2025-12-10T10:00:00.000Z"],
  ["2025-12-10T10:00", "2025-12-10T10:00:00.000Z"],
  ["2025-12-10", "2025-12-10T00:00:00.000Z"],
  ["2025-12-10 10:00:00+01:00", "2025-12-10T09:00:00.000Z"],
  ["2025-12-10 10:00:00z", "2025-12-10T10:00:00.000Z"],
  ["2025-02-30 10:00:00", null],
  ["2025-12-10 25:00:00", null],
  ["10.12.2025", null],
])("%j as a time of the older backends is %j", (text, iso) => {
  const ms = parseLooseTime(text);
  expect(ms === null ? null : new Date(ms).toISOString()).toBe(iso);
});

test("a place is written and read the same", () => {
  for (const place of [
    { partition: 0, offset: 0 },
    { partition: 7, offset: 15_320 },
    { partition: 4_095, offset: 999_999_999_999_999 },
  ]) {
    expect(parsePlace(encodePlace(place))).toEqual(place);
  }
  for (const text of ["", "7", "7-", "-7", "7-1-1", "a-1", "7-1.5", "12345-1", "7 - 1", "7-1\n"]) {
    expect([text, parsePlace(text)]).toEqual([text, null]);
  }
});
