/** Contradictions about seats, counters, tables and times, each planted into the scenario. */
import type { Tables } from "../src/history/history.ts";
import type { Loose } from "./tamper.ts";
import { at, editRecords, editState, editTable, editTopic, entryIn, stateIn } from "./tamper.ts";
import type { Plant } from "./plant.ts";

const NOBODY = "0199aaaa-0000-7000-8000-00000000000a";

type Rows<Name extends keyof Tables> = Loose<Tables[Name][number]>[];

/** One row otherwise, one too few, one too many. */
function plantsOf<Name extends keyof Tables>(
  name: Name,
  edit: (row: Rows<Name>[number]) => void,
): Plant[] {
  const finds = "the tables hold what the records say";
  return [
    {
      name: `a row of ${name} says something else`,
      finds,
      plant: ({ history }) =>
        editTable(history, name, (rows) => {
          edit(at(rows, 0));
        }),
    },
    {
      name: `a row of ${name} is missing`,
      finds,
      plant: ({ history }) => editTable(history, name, (rows) => void rows.pop()),
    },
    {
      name: `a row of ${name} is nobody's`,
      finds,
      plant: ({ history }) =>
        editTable(history, name, (rows) => {
          const key = { id: NOBODY, showId: NOBODY, bookingId: NOBODY };
          const own = Object.fromEntries(
            Object.entries(key).filter(([member]) => member in at(rows, 0)),
          );
          rows.push({ ...at(rows, 0), ...own });
        }),
    },
  ];
}

export const SALE_PLANTS: readonly Plant[] = [
  {
    name: "an entry gives a seat that somebody has",
    finds: "no seat has two live bookings",
    plant: ({ history, newcomer }) =>
      editState(history, newcomer, { status: "PENDING", edit: (one) => void (one.seats = [1]) }),
  },
  {
    name: "a seat stands in the table twice",
    finds: "no seat has two live bookings",
    plant: ({ history, newcomer }) =>
      editTable(history, "seats", (rows) => {
        rows.push({ ...at(rows, 0), bookingId: newcomer });
      }),
  },
  {
    name: "two bookings of the table have one seat",
    finds: "no seat has two live bookings",
    plant: ({ history, newcomer }) =>
      editTable(history, "bookings", (rows) => {
        const row = rows.find(({ id }) => id === newcomer);
        if (row !== undefined) row.seats = [1];
      }),
  },
  {
    name: "an entry gives more standing places than there are",
    finds: "no standing section is oversold",
    plant: ({ history, lapsed }) =>
      editState(history, lapsed, {
        status: "PENDING",
        edit: ({ standing }) => void (at(standing, 0).count = 3),
      }),
  },
  {
    name: "a section of the table has more taken than it has",
    finds: "no standing section is oversold",
    plant: ({ history }) => editTable(history, "sections", ([row]) => void (row && (row.held = 3))),
  },
  {
    name: "an entry gives a seat that does not exist",
    finds: "only seats that are for sale are sold",
    plant: ({ history, newcomer }) =>
      editState(history, newcomer, { status: "PENDING", edit: (one) => void (one.seats = [5]) }),
  },
  {
    name: "an entry gives a blocked seat",
    finds: "only seats that are for sale are sold",
    plant: ({ history, newcomer }) =>
      editState(history, newcomer, { status: "PENDING", edit: (one) => void (one.seats = [4]) }),
  },
  {
    name: "a record tells of one free place more",
    finds: "free + held + confirmed = capacity",
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 2).shows, 0).free += 1)),
  },
  {
    name: "a record tells a hold as confirmed",
    finds: "free + held + confirmed = capacity",
    plant: ({ history }) =>
      editRecords(history, (records) => {
        const show = at(at(records, 1).shows, 0);
        show.held -= 1;
        show.confirmed += 1;
      }),
  },
  {
    name: "a record leaves a standing section out",
    finds: "free + held + confirmed = capacity",
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 2).shows, 0).standing = [])),
  },
  {
    name: "a record tells of a capacity that the show does not have",
    finds: "free + held + confirmed = capacity",
    plant: ({ history }) =>
      editRecords(history, (records) => {
        const show = at(at(records, 2).shows, 0);
        show.capacity += 1;
        show.free += 1;
      }),
  },
  {
    name: "a show of the table has one place less",
    finds: "free + held + confirmed = capacity",
    plant: ({ history }) => editTable(history, "shows", ([row]) => void (row && (row.free -= 1))),
  },
  {
    name: "a version is left out",
    finds: "the version of a show counts the records that tell of it",
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 2).shows, 0).version += 1)),
  },
  {
    name: "a record does not tell of a show that it changes",
    finds: "the version of a show counts the records that tell of it",
    plant: ({ history }) => editRecords(history, (records) => void (at(records, 2).shows = [])),
  },
  {
    name: "a record tells of a show that none of its entries touches",
    finds: "the version of a show counts the records that tell of it",
    plant: ({ history }) =>
      editRecords(history, (records) => {
        for (const entry of at(records, 1).entries) entry.showId = null;
        at(at(records, 1).entries, 0).changed = [];
      }),
  },
  {
    name: "a record does not name a seat that it holds",
    finds: "the seats that records name make the seat map",
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 1).shows, 0).seats.held = "")),
  },
  {
    name: "a record names a held seat as free",
    finds: "the seats that records name make the seat map",
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 2).shows, 0).seats.free = "1")),
  },
  ...plantsOf("bookings", (row) => void (row.payment = "another")),
  ...plantsOf("seats", (row) => void (row.bookingId = NOBODY)),
  ...plantsOf("sections", (row) => void (row.confirmed += 1)),
  ...plantsOf("customers", (row) => void (row.places += 1)),
  ...plantsOf("shows", (row) => void (row.version += 1)),
  {
    name: "a show of the table has another name",
    finds: "the tables hold what the records say",
    plant: ({ history }) =>
      editTable(history, "shows", ([row]) => void (row && (row.name = "Another night"))),
  },
  {
    name: "a hold stands for longer after its time than a sweep takes",
    finds: "nothing outlives its time",
    plant: ({ history }) =>
      editTable(history, "partitions", (rows) => void (at(rows, 0).clockMs += 1_000_000)),
  },
  {
    name: "a hold has no end",
    finds: "nothing outlives its time",
    plant: ({ history, newcomer }) =>
      editTable(history, "bookings", (rows) => {
        const row = rows.find(({ id }) => id === newcomer);
        if (row !== undefined) row.expiresAt = null;
      }),
  },
  {
    name: "who waited second is served first",
    finds: "who waits is served in order",
    plant: ({ history, servedFirst, servedSecond }) =>
      editRecords(history, (records) => {
        const { booking } = stateIn(records, servedFirst, "PENDING");
        const second = stateIn(records, servedSecond, "WAITING").booking;
        booking.id = servedSecond;
        booking.place = second.place;
      }),
  },
  {
    name: "a newcomer is given what somebody waits for",
    finds: "who waits is served in order",
    plant: ({ history, lapsed, servedSecond }) =>
      editRecords(history, (records) => {
        const { booking } = stateIn(records, lapsed, "PENDING");
        booking.wants = stateIn(records, servedSecond, "WAITING").booking.wants;
      }),
  },
  {
    name: "a hold is shorter than its show says",
    finds: "holds last as long as was promised",
    plant: ({ history, newcomer }) =>
      editState(history, newcomer, {
        status: "PENDING",
        edit: (one) => void (one.expiresAt = (one.expiresAt ?? 0) - 1),
      }),
  },
  {
    name: "a hold may be extended for ever",
    finds: "holds last as long as was promised",
    plant: ({ history, newcomer }) =>
      editState(history, newcomer, {
        status: "PENDING",
        edit: (one) => void (one.holdLimit = (one.holdLimit ?? 0) * 2),
      }),
  },
  {
    name: "a hold is extended by less than was asked for",
    finds: "holds last as long as was promised",
    plant: ({ history, lapsed }) =>
      editRecords(history, (records) => {
        const entry = entryIn(records, ({ request }) => request?.includes('"extend"') === true);
        const booking = entry.changed.find(({ id }) => id === lapsed);
        if (booking !== undefined) booking.expiresAt = (booking.expiresAt ?? 0) - 1;
      }),
  },
  {
    name: "a hold lapses while it lasts",
    finds: "holds last as long as was promised",
    plant: ({ history, servedFirst }) =>
      editRecords(history, (records) => {
        const { entry, booking } = stateIn(records, servedFirst, "FAILED");
        const earlier = entryIn(records, ({ offset }) => offset === entry.offset - 2);
        entry.changed = entry.changed.filter((one) => one !== booking);
        earlier.changed.push(booking);
      }),
  },
  {
    name: "a hold is confirmed after its end",
    finds: "holds last as long as was promised",
    plant: ({ history, confirmed }) =>
      editTopic(history, "requests", (messages) => {
        const isIt = (text = "") => text.includes('"confirm"') && text.includes(confirmed);
        const message = messages.find(({ value }) => isIt(value?.toString("utf8")));
        if (message !== undefined) message.appendedAt += 10_000;
      }),
  },
  {
    name: "a confirm in time is told that it is too late",
    finds: "holds last as long as was promised",
    plant: ({ history, lapsed }) =>
      editRecords(history, (records) => {
        const entry = entryIn(records, ({ outcome }) => outcome.kind === "refused");
        const confirm = entryIn(
          records,
          ({ request, outcome }) =>
            request?.includes('"confirm"') === true &&
            outcome.kind === "refused" &&
            outcome.bookingId === lapsed,
        );
        if (confirm.unchanged !== null) confirm.unchanged.expiresAt = entry.appendedAt + 10_000;
      }),
  },
];
