/**
 * When a show sells: by the log's clock and by the word of those who run it. Planted faults these catch: a sale
 * that closes a moment late, an archive that sells, nobody served when a sale opens again.
 */
import { describe, expect, it } from "vitest";
import {
  at,
  book,
  bookOrWait,
  cancel,
  changeShow,
  confirm,
  createShow,
  decideLast,
  expire,
  extend,
  tell,
} from "../testing/builders.ts";
import type { Timed } from "../testing/builders.ts";
import type { ShowChanges } from "./requests.ts";

const SEAT_1 = { seats: [1] };
const SALE = at(0, createShow({ opensAt: 100, closesAt: 200 }));
const told = (history: readonly Timed[]) => tell(decideLast(history))[0];

describe("a sale from 100 to 200", () => {
  const cases = [
    { time: 99, now: 150, told: "refused: sale-not-open, booking a" },
    { time: 100, now: 0, told: "booking a" },
    { time: 199, now: 999, told: "booking a" },
    { time: 200, now: 150, told: "refused: sale-closed, booking a" },
  ];

  it.each(cases)("answers at $time, decided at $now: $told", (row) => {
    expect(told([SALE, at(row.time, book("a", SEAT_1), row.now)])).toBe(row.told);
  });

  it.each([
    { changes: { opensAt: null }, time: 0, answer: "booking a" },
    { changes: { opensAt: 151 }, time: 150, answer: "refused: sale-not-open, booking a" },
    { changes: { closesAt: null }, time: 999, answer: "booking a" },
    { changes: { closesAt: 150 }, time: 150, answer: "refused: sale-closed, booking a" },
    { changes: { sale: "closed" }, time: 150, answer: "refused: sale-closed, booking a" },
    { changes: { archived: true }, time: 150, answer: "refused: sale-closed, booking a" },
    { changes: { sale: "cancelled" }, time: 150, answer: "refused: show-cancelled, booking a" },
  ] as const)("changed by $changes answers at $time: $answer", ({ changes, time, answer }) => {
    expect(told([SALE, at(0, changeShow(changes)), at(time, book("a", SEAT_1))])).toBe(answer);
  });

  it("waits for nobody outside these times: who comes then is refused", () => {
    expect(told([SALE, at(99, bookOrWait("a", SEAT_1))])).toContain("sale-not-open");
    expect(told([SALE, at(200, bookOrWait("a", SEAT_1))])).toContain("sale-closed");
  });
});

describe("a show that was closed or archived", () => {
  const words: readonly ShowChanges[] = [{ sale: "closed" }, { archived: true }];

  it.each(words)("by %o still confirms, extends and takes back", (changes) => {
    const booked = [SALE, at(100, book("a", SEAT_1)), at(101, changeShow(changes))];
    expect(told([...booked, at(102, confirm("a"))])).toBe("booking a");
    expect(told([...booked, at(500, extend("a"))])).toBe("booking a");
    expect(told([...booked, at(102, cancel("a"))])).toBe("booking a");
  });

  it.each([
    { word: { sale: "closed" }, back: { sale: "open" } },
    { word: { archived: true }, back: { archived: false } },
  ] as const)("by $word sells again after $back", ({ word, back }) => {
    const history = [SALE, at(100, changeShow(word)), at(100, changeShow(back))];
    expect(told([...history, at(101, book("a", SEAT_1))])).toBe("booking a");
  });
});

describe("who waits while nothing is sold", () => {
  const waits = [SALE, at(100, book("a", SEAT_1)), at(100, bookOrWait("w", SEAT_1))];
  const served = "w: WAITING → PENDING seats 1";

  it("is served when the sale is opened again, not before", () => {
    const closed = [...waits, at(101, changeShow({ sale: "closed" })), at(102, cancel("a"))];
    expect(tell(decideLast(closed))).toEqual(["booking a", "a: PENDING → CANCELLED"]);
    const opened = [...closed, at(103, changeShow({ sale: "open" }))];
    expect(tell(decideLast(opened))).toEqual(["show show", "show show changed", served]);
  });

  it("is served in front of the first request after the sale opened by the clock", () => {
    const later = [...waits, at(101, changeShow({ opensAt: 150 })), at(102, cancel("a"))];
    expect(tell(decideLast([...later, at(149, expire("a"))]))).toEqual(["booking a"]);
    expect(tell(decideLast([...later, at(150, expire("a"))]))).toEqual(["booking a", served]);
  });

  it("is not served after the sale closed by the clock, and may leave or wait on", () => {
    const late = [...waits, at(200, cancel("a"))];
    expect(tell(decideLast(late))).toEqual(["booking a", "a: PENDING → CANCELLED"]);
    expect(told([...late, at(201, cancel("w"))])).toBe("booking w");
    const longer = [...late, at(201, changeShow({ closesAt: 300 }))];
    expect(tell(decideLast(longer)).at(-1)).toBe(served);
  });
});
