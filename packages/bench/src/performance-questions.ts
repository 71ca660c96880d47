/**
 * What is asked of the shows, by kind: every kind of want, plain and narrowed, ladders, refusals, and changes of
 * bookings. Each is asked in several variants, so that it is not one seat or one section that is measured.
 */
import { sectionOfSeat } from "@seatline/shared/core/seats/layout.ts";
import type { Booking, RefusalReason, Want, WantFilter } from "@seatline/shared/core/model.ts";
import type { Request } from "@seatline/shared/core/requests.ts";

import type { Way } from "./performance-orders.ts";
import { PRICE_MAX, SALE_AT, buildBook, momentOf } from "./performance-shows.ts";
import type { Kind, Sale } from "./performance-shows.ts";

/** What is to come of it: a booking, with which of its wants, or a refusal. */
type Expected = { readonly want: number } | { readonly reason: RefusalReason } | "change";

export type Question = {
  readonly name: string;
  readonly kind: Kind;
  readonly way: Way;
  readonly expected: Expected;
  /** Whether it asks for so much that no bound is promised. */
  readonly isLarge?: boolean;
  readonly requests: (sale: Sale) => readonly Request[];
};

/** At most so many variants. */
const VARIANTS_MAX = 16;
/** Beyond all bookings of the sale. */
export const ASKED_N = 10_000_000;
/** A moment after the sale, so that a hold can be extended. */
export const ASKED_AT = SALE_AT + 1_000;
export const ASKED = momentOf(ASKED_N, ASKED_AT);
const PAIR = 2;
const GROUPS = [[1], [2], [4], [8], [2, 2], [4, 4]] as const;
const COUNT = 4;
const LARGE_GROUPS = [
  [2, 2, 2, 2, 2, 2, 2, 2],
  [1, 1, 1, 1, 1, 1, 1, 1],
  [5, 4, 3, 2],
] as const;
const LARGE_COUNT = 30;
/** More than a row of the small show has, and than stand together anywhere in the other. */
const TOO_WIDE = 50;

type Narrowing = { readonly name: string; readonly filters: (sale: Sale) => readonly WantFilter[] };

const PLAIN: Narrowing = { name: "", filters: () => [{}] };
const NARROWINGS: readonly Narrowing[] = [
  PLAIN,
  {
    name: ", in one section",
    filters: (sale) => roomySections(sale).map((name) => ({ sections: [name] })),
  },
  { name: ", in three sections", filters: listThreeSections },
  { name: ", at a price", filters: () => [{ priceMax: PRICE_MAX }] },
  { name: ", accessible", filters: () => [{ accessible: true }] },
];

export const QUESTIONS: readonly Question[] = [
  ...(["random", "best-first"] as const).flatMap((way) => [
    ...NARROWINGS.flatMap((narrowing) => listWants("seated", way, narrowing)),
    ...listWants("plain", way, PLAIN),
    ...listLadders(way),
    ...listLargeWants(way),
    ...listChanges("seated", way),
  ]),
  ...listRefusals(),
];

function listWants(kind: Kind, way: Way, { name, filters }: Narrowing): Question[] {
  const asked = { kind, way, expected: { want: 0 } } as const;
  const groups = GROUPS.map((together): Question => ({
    ...asked,
    name: `together [${together.join(", ")}]${name}`,
    requests: (sale) => listBooks(filters(sale).map((filter) => [{ ...filter, together }])),
  }));
  return [
    {
      ...asked,
      name: `${PAIR} seats${name}`,
      requests: (sale) => listBooks(listPairs(sale, filters(sale)).map((want) => [want])),
    },
    {
      ...asked,
      name: `count ${COUNT}${name}`,
      requests: (sale) => listBooks(filters(sale).map((filter) => [{ ...filter, count: COUNT }])),
    },
    ...groups,
  ];
}

/** Work that grows with what is asked for, whatever the show: as large as fits into the small one. */
function listLargeWants(way: Way): Question[] {
  const large = { kind: "seated", way, expected: { want: 0 }, isLarge: true } as const;
  const groups = LARGE_GROUPS.map((together) => ({
    ...large,
    name: `together [${together.join(", ")}]`,
    requests: () => listBooks([[{ together }]]),
  }));
  const requests = () => listBooks([[{ count: LARGE_COUNT }]]);
  return [...groups, { ...large, name: `count ${LARGE_COUNT}`, requests }];
}

/** Three wants each, of which the last fits. */
function listLadders(way: Way): Question[] {
  const ladder = { kind: "seated", way, expected: { want: 2 } } as const;
  return [
    {
      ...ladder,
      name: "ladder: two pairs of seats that are taken, then together [2]",
      requests: (sale) =>
        listBooks(
          listTaken(sale).map((seats) => [
            { seats },
            { seats: [...seats].reverse() },
            { together: [2] },
          ]),
        ),
    },
    {
      ...ladder,
      name: "ladder: together [50] and [49] in a section, then [4] in three",
      requests: (sale) => {
        const [first] = sale.show.facts.layout.sections;
        const sections = [first?.name ?? ""];
        return listBooks(
          listThreeSections(sale).map((filter) => [
            { together: [TOO_WIDE], sections },
            { together: [TOO_WIDE - 1], sections },
            { together: [4], ...filter },
          ]),
        );
      },
    },
  ];
}

function listRefusals(): Question[] {
  const scattered = { kind: "seated", way: "every-other" } as const;
  const together = GROUPS.slice(1).flatMap((groups) =>
    NARROWINGS.slice(0, -1).map(({ name, filters }): Question => ({
      ...scattered,
      name: `refused: together [${groups.join(", ")}]${name}`,
      expected: { reason: "not-enough-together" },
      requests: (sale) =>
        listBooks(filters(sale).map((filter) => [{ ...filter, together: groups }])),
    })),
  );
  const few = NARROWINGS.slice(-1).flatMap(({ name, filters }): Question[] => [
    {
      ...scattered,
      name: `refused: count ${COUNT}${name}`,
      expected: { reason: "not-enough-seats" },
      requests: (sale) => listBooks(filters(sale).map((filter) => [{ ...filter, count: COUNT }])),
    },
  ]);
  return [
    ...together,
    ...few,
    {
      ...scattered,
      name: `refused: ${PAIR} seats`,
      expected: { reason: "seats-taken" },
      requests: (sale) => listBooks(listTaken(sale).map((seats) => [{ seats }])),
    },
    {
      ...scattered,
      kind: "plain",
      name: "refused: together [2] on a plain show",
      expected: { reason: "not-enough-together" },
      requests: () => listBooks([[{ together: [2] }]]),
    },
  ];
}

function listChanges(kind: Kind, way: Way): Question[] {
  const change = { kind, way, expected: "change" } as const;
  const requestId = "change";
  return [
    {
      ...change,
      name: "confirm",
      requests: (sale) =>
        listHolds(sale).map(({ id: bookingId }) => ({
          kind: "confirm",
          requestId,
          bookingId,
          payment: "p",
        })),
    },
    {
      ...change,
      name: "extend",
      requests: (sale) =>
        listHolds(sale).map(({ id: bookingId }) => ({
          kind: "extend",
          requestId,
          bookingId,
          holdMs: null,
        })),
    },
    {
      ...change,
      name: "cancel",
      requests: (sale) =>
        listHolds(sale).map(({ id: bookingId }) => ({
          kind: "cancel",
          requestId,
          bookingId,
          places: null,
          byStaff: false,
        })),
    },
    {
      ...change,
      name: "cancel one seat of several",
      requests: (sale) =>
        listHolds(sale).map(({ id: bookingId, seats }) => ({
          kind: "cancel",
          requestId,
          bookingId,
          places: { seats: seats.slice(0, 1), standing: [] },
          byStaff: false,
        })),
    },
  ];
}

function listBooks(ladders: readonly (readonly Want[])[]): Request[] {
  return ladders.map((wants, index) => buildBook(ASKED_N + index, wants));
}

/** Holds of two seats and more. */
function listHolds({ sold }: Sale): readonly Booking[] {
  return spread(sold.filter(({ status, seats }) => status === "PENDING" && seats.length > 1));
}

function listTaken({ sold }: Sale): (readonly number[])[] {
  const pairs = sold.filter(({ seats }) => seats.length >= PAIR);
  return spread(pairs).map(({ seats }) => seats.slice(0, PAIR));
}

/** Two free neighbours for each of the filters; several where there is but one filter. */
function listPairs(sale: Sale, filters: readonly WantFilter[]): Want[] {
  const variants = Math.ceil(VARIANTS_MAX / filters.length);
  return filters.flatMap((filter) =>
    spread(freePairs(sale, filter), variants).map((seats) => ({ ...filter, seats })),
  );
}

function freePairs({ show }: Sale, { sections, priceMax, accessible }: WantFilter): number[][] {
  const { plan, facts } = show;
  const open = accessible === true ? show.openAccessible : show.openGeneral;
  const pairs: number[][] = [];
  for (let seat = 1; seat < plan.seats; seat++) {
    if (!open.has(seat) || !open.has(seat + 1)) continue;
    const section = facts.layout.sections[sectionOfSeat(plan, seat)];
    if (section === undefined || section !== facts.layout.sections[sectionOfSeat(plan, seat + 1)])
      continue;
    if (sections !== undefined && !sections.includes(section.name)) continue;
    if (priceMax === undefined || section.price <= priceMax) pairs.push([seat, seat + 1]);
  }
  return pairs;
}

/** Seated sections, at least a quarter of which is free for everybody. */
function roomySections({ show }: Sale): string[] {
  const { plan, facts } = show;
  const roomy = facts.layout.sections.flatMap(({ kind, name }, index) => {
    const seats = plan.sections[index]?.seats ?? 0;
    return kind === "seated" && show.openGeneral.count(index) * 4 >= seats ? [name] : [];
  });
  return spread(roomy);
}

/** A section with room and two others, wherever they are. */
function listThreeSections(sale: Sale): WantFilter[] {
  const names = sale.show.facts.layout.sections.map(({ name }) => name);
  return roomySections(sale).map((name, index) => {
    const others = names.filter((other) => other !== name);
    const second = others[(index * 7) % others.length] ?? "";
    const third = others[(index * 7 + 1) % others.length] ?? "";
    return { sections: [name, second, third] };
  });
}

/** Some of them, from the first to the last. */
function spread<Item>(all: readonly Item[], count = VARIANTS_MAX): Item[] {
  if (all.length <= count) return [...all];
  return all.filter(
    (_, index) =>
      Math.floor((index * count) / all.length) !== Math.floor(((index - 1) * count) / all.length),
  );
}
