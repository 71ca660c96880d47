/** Contradictions between the topics, the records and their hashes, each planted into the scenario. */
import { CORE_FAULT } from "@seatline/booking-worker/recovery.ts";
import { requestBook, requestShow } from "@seatline/shared/testing/requests.ts";

import type { History, TopicMessage } from "../src/history/history.ts";
import type { Plant } from "./plant.ts";
import type { Loose } from "./tamper.ts";
import { TrueHistory } from "./true-history.ts";
import { at, editRecords, editTable, editTopic, stateIn } from "./tamper.ts";

type Messages = Loose<TopicMessage>[];

/** One left out, two in the wrong order, one that nobody wrote, one with another key. */
function plantsOf(topic: "outcomes" | "events", finds: Plant["finds"]): Plant[] {
  const planted = (name: string, edit: (messages: Messages) => void): Plant => ({
    name: `in the topic of ${topic} ${name}`,
    finds,
    plant: ({ history }: { readonly history: History }) => editTopic(history, topic, edit),
  });
  return [
    planted("one is missing", (messages) => void messages.splice(2, 1)),
    planted("the last is missing", (messages) => void messages.pop()),
    planted("two have changed places", (messages) => {
      const its = messages.filter(({ partition }) => partition === 0);
      const [one, other] = [at(its, 1), at(its, 2)];
      [one.value, other.value] = [other.value, one.value];
    }),
    planted("one was written by nobody", (messages) => {
      messages.push({ ...at(messages, 0), value: Buffer.from("{}") });
    }),
    planted("one has another key", (messages) => void (at(messages, 0).key = Buffer.from("x"))),
  ];
}

const UNDECIDED = "all that stands in the line is decided once, and nothing else";
const ORDER = "the lower place is decided first";
const HASHES = "every hash covers what was before it";
const LETTERS = "dead letters are kept as they came";
const REPLAY = "deciding again decides the same";
const ZEROS = "0".repeat(64);

export const LINE_PLANTS: readonly Plant[] = [
  {
    name: "a message at the end is not decided",
    finds: UNDECIDED,
    plant: ({ history }) =>
      editTopic(history, "requests", (messages) => {
        const last = messages.findLast(({ partition }) => partition === 0) ?? at(messages, 0);
        messages.push({ ...last, offset: last.offset + 1 });
      }),
  },
  {
    name: "a message has no entry",
    finds: UNDECIDED,
    plant: ({ history }) => editRecords(history, (records) => void at(records, 2).entries.pop()),
  },
  {
    name: "a message has two entries",
    finds: UNDECIDED,
    plant: ({ history }) =>
      editRecords(history, (records) => {
        at(records, 2).entries.push(at(at(records, 2).entries, 0));
      }),
  },
  {
    name: "something was decided that is not in the topic",
    finds: UNDECIDED,
    plant: ({ history }) =>
      editTopic(history, "requests", (messages) => void messages.splice(3, 1)),
  },
  {
    name: "an entry has other words than its message",
    finds: UNDECIDED,
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 2).entries, 0).request = "{}")),
  },
  {
    name: "an entry is for another request than its message",
    finds: UNDECIDED,
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 2).entries, 0).requestId = "me")),
  },
  {
    name: "a place stands in the topic twice",
    finds: UNDECIDED,
    plant: ({ history }) =>
      editTopic(history, "requests", (messages) => void messages.push(at(messages, 2))),
  },
  {
    name: "a record is missing",
    finds: ORDER,
    plant: ({ history }) => editTable(history, "records", (rows) => void rows.splice(2, 1)),
  },
  {
    name: "the last record is missing",
    finds: ORDER,
    plant: ({ history }) => editTable(history, "records", (rows) => void rows.pop()),
  },
  {
    name: "a record cannot be read",
    finds: ORDER,
    plant: ({ history }) => editTable(history, "records", (rows) => void (at(rows, 2).body = "{}")),
  },
  {
    name: "a record says that it is of another line",
    finds: ORDER,
    plant: ({ history }) => editRecords(history, (records) => void (at(records, 2).partition = 1)),
  },
  {
    name: "the entries of a record have changed places",
    finds: ORDER,
    plant: ({ history }) =>
      editRecords(history, (records) => {
        records.find(({ entries }) => entries.length > 1)?.entries.reverse();
      }),
  },
  {
    name: "the entries of a record have different clocks",
    finds: ORDER,
    plant: ({ history }) =>
      editRecords(history, (records) => {
        const record = records.find(({ entries }) => entries.length > 1);
        if (record !== undefined) at(record.entries, 1).now += 1;
      }),
  },
  {
    name: "a booking stands at another place than its request",
    finds: ORDER,
    plant: ({ history, newcomer }) =>
      editRecords(history, (records) => {
        stateIn(records, newcomer, "PENDING").booking.place.offset += 1;
      }),
  },
  {
    name: "a booking is made by the request of another",
    finds: ORDER,
    plant: ({ history, newcomer }) =>
      editRecords(history, (records) => {
        stateIn(records, newcomer, "PENDING").booking.id = "0199";
      }),
  },
  ...plantsOf("outcomes", "the topic of outcomes tells the records"),
  ...plantsOf("events", "the topic of events tells the changes"),
  {
    name: "what an entry leaves to do is not in the line",
    finds: "what a step leaves to do stands in the line",
    plant: ({ history, showId }) =>
      editRecords(history, (records) => {
        at(at(records, 1).entries, 0).followUp = { showId, message: "{}" };
      }),
  },
  {
    name: "a tail does not cover its record",
    finds: HASHES,
    plant: ({ history }) =>
      editTable(history, "records", (rows) => void (at(rows, 1).tail = ZEROS)),
  },
  {
    name: "a record is decided on another tail",
    finds: HASHES,
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(records, 2).previousTail = ZEROS)),
  },
  {
    name: "a show is at another hash",
    finds: HASHES,
    plant: ({ history }) =>
      editRecords(history, (records) => void (at(at(records, 2).shows, 0).hash = ZEROS)),
  },
  ...(["tail", "lastDigest"] as const).map((member): Plant => ({
    name: `a line ends at another ${member}`,
    finds: HASHES,
    plant: ({ history }) =>
      editTable(history, "partitions", (rows) => void (at(rows, 0)[member] = ZEROS)),
  })),
  ...(["publishedOffset", "logClock"] as const).map((member): Plant => ({
    name: `a line ends at another ${member}`,
    finds: HASHES,
    plant: ({ history }) =>
      editTable(history, "partitions", (rows) => void (at(rows, 0)[member] += 1)),
  })),
  {
    name: "a booking was decided otherwise",
    finds: REPLAY,
    plant: ({ history, newcomer }) =>
      editRecords(history, (records) => {
        stateIn(records, newcomer, "PENDING").booking.seats = [2];
      }),
  },
  {
    name: "a record has members in another order",
    finds: REPLAY,
    plant: ({ history, newcomer }) =>
      editRecords(history, (records) => {
        const { entry, booking } = stateIn(records, newcomer, "PENDING");
        const { id, ...rest } = booking;
        entry.changed = entry.changed.map((one) => (one === booking ? { ...rest, id } : one));
      }),
  },
  {
    name: "an entry has another time than the log",
    finds: REPLAY,
    plant: ({ history }) =>
      editTopic(history, "requests", (messages) => void (at(messages, 5).appendedAt += 1)),
  },
  {
    name: "a request that can be decided was parked",
    finds: REPLAY,
    plant: ({ history, newcomer }) =>
      editRecords(history, (records) => {
        stateIn(records, newcomer, "PENDING").entry.deadLetter = "not JSON";
      }),
  },
  {
    name: "a dead letter is not kept",
    finds: LETTERS,
    plant: ({ history }) => editTable(history, "deadLetters", (rows) => void rows.pop()),
  },
  {
    name: "a dead letter is kept twice",
    finds: LETTERS,
    plant: ({ history }) =>
      editTable(history, "deadLetters", (rows) => void rows.push(at(rows, 0))),
  },
  {
    name: "what was decided is kept as a dead letter",
    finds: LETTERS,
    plant: ({ history }) =>
      editTable(history, "deadLetters", (rows) => void rows.push({ ...at(rows, 0), offset: 1 })),
  },
  ...(["key", "value"] as const).map((member): Plant => ({
    name: `a dead letter is kept with another ${member}`,
    finds: LETTERS,
    plant: ({ history }) =>
      editTable(history, "deadLetters", (rows) => void (at(rows, 0)[member] = Buffer.from("x"))),
  })),
  {
    name: "a dead letter is kept for another reason",
    finds: LETTERS,
    plant: ({ history }) =>
      editTable(history, "deadLetters", (rows) => void (at(rows, 0).fault = "x")),
  },
  {
    name: "the core failed on a request",
    finds: "no request makes the core fail",
    plant: () => {
      const seen = new TrueHistory();
      const show = requestShow();
      seen.ask(show);
      seen.ask(requestBook(show.showId, { count: 1 }));
      seen.decide(0, 2, new Map([[1, CORE_FAULT]]));
      return seen.build();
    },
  },
];
