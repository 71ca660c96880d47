/** Contradictions between what clients heard and everything else, each planted into the scenario. */
import type { Asked, Call, Heard } from "../src/history/history.ts";
import type { Plant } from "./plant.ts";
import { GATEWAY } from "./scenario.ts";
import type { Loose } from "./tamper.ts";
import { at, editCalls, editTopic, heardIn, shownIn } from "./tamper.ts";

const ACCEPTED = "every accepted request has exactly one outcome";
const TRUE = "clients were shown what was true";
const STALE = "no gateway tells what is older than what it told before";
const KEYS = "one key has one booking";
const RESTED = "what was decided before a rest, every gateway knows after it";
const NOBODY = "0199aaaa-0000-7000-8000-00000000000a";

/** One more call, behind all others. */
function ask(calls: Loose<Call>[], asked: Asked, heard: Heard): void {
  const { heardAt } = at(calls, -1);
  const call: Call = { gateway: GATEWAY, askedAt: heardAt + 1, heardAt: heardAt + 2, asked, heard };
  calls.push(structuredClone(call) as Loose<Call>);
}

function find(bookingId: string): Extract<Asked, { readonly kind: "find" }> {
  return { kind: "find", bookingId, place: null };
}

const isQueuedBook = ({ asked }: Loose<Call>) => asked.kind === "book";
const NOT_FOUND = { kind: "refused", reason: "booking-not-found", booking: null } as const;

export const CALL_PLANTS: readonly Plant[] = [
  {
    name: "a client is told the place of another",
    finds: ACCEPTED,
    plant: ({ history }) =>
      editCalls(history, (calls) => {
        const { place } = heardIn(calls, "queued", isQueuedBook).heard;
        if (place !== null) place.offset -= 1;
      }),
  },
  {
    name: "a client is told a place that the line does not have",
    finds: ACCEPTED,
    plant: ({ history }) =>
      editCalls(history, (calls) => {
        const { place } = heardIn(calls, "queued", isQueuedBook).heard;
        if (place !== null) place.offset += 1_000;
      }),
  },
  {
    name: "a client is told of another booking's place",
    finds: ACCEPTED,
    plant: ({ history }) =>
      editCalls(
        history,
        (calls) => void (heardIn(calls, "queued", isQueuedBook).heard.id = NOBODY),
      ),
  },
  {
    name: "a request is accepted without a place",
    finds: ACCEPTED,
    plant: ({ history }) =>
      editCalls(
        history,
        (calls) => void (heardIn(calls, "queued", isQueuedBook).heard.place = null),
      ),
  },
  {
    name: "an accepted request is gone from the topic",
    finds: ACCEPTED,
    plant: ({ history, cancelled }) =>
      editTopic(history, "requests", (messages) => {
        const isIt = (text = "") => text.includes(cancelled);
        const index = messages.findIndex(({ value }) => isIt(value?.toString("utf8")));
        messages.splice(index, 1);
      }),
  },
  {
    name: "who looks is told another place",
    finds: ACCEPTED,
    plant: ({ history }) =>
      editCalls(history, (calls) => {
        const isFind = ({ asked }: Loose<Call>) => asked.kind === "find";
        heardIn(calls, "queued", isFind).heard.place = { partition: 0, offset: 1 };
      }),
  },
  {
    name: "a booking is shown that nobody made",
    finds: ACCEPTED,
    plant: ({ history, newcomer }) =>
      editCalls(history, (calls) => void (shownIn(calls, newcomer).id = NOBODY)),
  },
  {
    name: "a booking is shown to who asked for another show",
    finds: ACCEPTED,
    plant: ({ history, limitedId, newcomer }) =>
      editCalls(history, (calls) => {
        const isIt = ({ heard }: Loose<Call>) =>
          heard?.kind === "booking" && heard.booking.id === newcomer;
        const { asked } = heardIn(calls, "booking", isIt).call;
        if (asked.kind === "book") asked.showId = limitedId;
      }),
  },
  {
    name: "a confirm is answered twice",
    finds: ACCEPTED,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        const booking = shownIn(calls, confirmed);
        ask(calls, { kind: "confirm", bookingId: confirmed }, { kind: "booking", booking });
      }),
  },
  {
    name: "a confirm is refused for a reason that no entry gave",
    finds: ACCEPTED,
    plant: ({ history }) =>
      editCalls(history, (calls) => {
        const isIt = ({ asked }: Loose<Call>) => asked.kind === "confirm";
        heardIn(calls, "refused", isIt).heard.reason = "booking-not-pending";
      }),
  },
  {
    name: "a booking is refused for a reason that no entry gave",
    finds: ACCEPTED,
    plant: ({ history, showId }) =>
      editCalls(history, (calls) => {
        const asked = { kind: "book", key: "one", showId, body: "{}" } as const;
        ask(calls, asked, { kind: "refused", reason: "internal", booking: null });
        ask(calls, asked, { kind: "refused", reason: "sale-closed", booking: null });
      }),
  },
  {
    name: "a booking is turned away from a show with free seats",
    finds: ACCEPTED,
    plant: ({ history, showId }) =>
      editCalls(history, (calls) => {
        const asked = { kind: "book", key: null, showId, body: "{}" } as const;
        ask(calls, asked, { kind: "refused", reason: "not-enough-seats", booking: null });
      }),
  },
  {
    name: "who looks is refused for a reason that is not of the place",
    finds: ACCEPTED,
    plant: ({ history, newcomer }) =>
      editCalls(history, (calls) => {
        ask(calls, find(newcomer), { kind: "refused", reason: "seats-taken", booking: null });
      }),
  },
  {
    name: "who looks is shown another booking",
    finds: ACCEPTED,
    plant: ({ history, newcomer, confirmed }) =>
      editCalls(history, (calls) => {
        ask(calls, find(newcomer), { kind: "booking", booking: shownIn(calls, confirmed) });
      }),
  },
  {
    name: "what was accepted is not known any more",
    finds: ACCEPTED,
    plant: ({ history, cancelled }) =>
      editCalls(history, (calls) => {
        ask(calls, find(cancelled), NOT_FOUND);
      }),
  },
  {
    name: "what was accepted is not known at its place any more",
    finds: ACCEPTED,
    plant: ({ history }) =>
      editCalls(history, (calls) => {
        const { id, place } = heardIn(calls, "queued", isQueuedBook).heard;
        ask(calls, { kind: "find", bookingId: id, place }, NOT_FOUND);
      }),
  },
  {
    name: "a hold is shown as confirmed",
    finds: TRUE,
    plant: ({ history, newcomer }) =>
      editCalls(history, (calls) => void (shownIn(calls, newcomer).status = "CONFIRMED")),
  },
  {
    name: "what lapsed is shown with its seats",
    finds: TRUE,
    plant: ({ history, lapsed }) =>
      editCalls(history, (calls) => void (shownIn(calls, lapsed).seats = [1])),
  },
  {
    name: "a refusal shows a booking that never was so",
    finds: TRUE,
    plant: ({ history }) =>
      editCalls(history, (calls) => {
        const isIt = ({ asked }: Loose<Call>) => asked.kind === "confirm";
        const { booking } = heardIn(calls, "refused", isIt).heard;
        if (booking !== null) booking.expiresAt = 1;
      }),
  },
  {
    name: "a confirmed booking is shown as a hold again",
    finds: STALE,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        const isIt = ({ heard }: Loose<Call>) =>
          heard?.kind === "booking" &&
          heard.booking.id === confirmed &&
          heard.booking.status === "PENDING";
        const { booking } = heardIn(calls, "booking", isIt).heard;
        ask(calls, find(confirmed), { kind: "booking", booking });
      }),
  },
  {
    name: "what was shown is not decided any more",
    finds: STALE,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        ask(calls, find(confirmed), { kind: "queued", id: confirmed, place: null });
      }),
  },
  {
    name: "a place is not decided any more",
    finds: STALE,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        const { place } = shownIn(calls, confirmed);
        const asked = { kind: "find", bookingId: confirmed, place } as const;
        ask(calls, asked, { kind: "queued", id: confirmed, place });
      }),
  },
  {
    name: "what was shown does not exist any more",
    finds: STALE,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        ask(calls, find(confirmed), NOT_FOUND);
      }),
  },
  {
    name: "the same key has another booking",
    finds: KEYS,
    plant: ({ history, confirmed, newcomer }) =>
      editCalls(history, (calls) => {
        const { asked } = keyedCall(calls, confirmed);
        ask(calls, asked, { kind: "booking", booking: shownIn(calls, newcomer) });
      }),
  },
  {
    name: "another request under the key is shown the booking",
    finds: KEYS,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        const { asked, heard } = keyedCall(calls, confirmed);
        const body = "another";
        if (asked.kind === "book" && heard !== null) ask(calls, { ...asked, body }, heard);
      }),
  },
  {
    name: "another request under the key is told the booking's place",
    finds: KEYS,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        const { asked } = keyedCall(calls, confirmed);
        const { id, place } = shownIn(calls, confirmed);
        const body = "another";
        if (asked.kind === "book") ask(calls, { ...asked, body }, { kind: "queued", id, place });
      }),
  },
  {
    name: "another request under the key is told key-reused, and shown the booking",
    finds: KEYS,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        const isIt = ({ heard }: Loose<Call>) =>
          heard?.kind === "refused" && heard.reason === "key-reused";
        heardIn(calls, "refused", isIt).heard.booking = shownIn(calls, confirmed);
      }),
  },
  {
    name: "a key that was used once is told to be used for another request",
    finds: KEYS,
    plant: ({ history, showId }) =>
      editCalls(history, (calls) => {
        const asked = { kind: "book", key: "a key of its own", showId, body: "any" } as const;
        ask(calls, asked, { kind: "refused", reason: "key-reused", booking: null });
      }),
  },
  {
    name: "a gateway does not know what everybody knew",
    finds: RESTED,
    plant: ({ history, confirmed }) => {
      const atMs = (history.calls.at(-1)?.heardAt ?? 0) + 1;
      const nextOffsets = history.tables.partitions.map(({ nextOffset }) => nextOffset);
      const first = history.calls.find(
        ({ heard }) => heard?.kind === "booking" && heard.booking.id === confirmed,
      );
      const edited = editCalls(history, (calls) => {
        const gateway = "another gateway";
        const old = { ...structuredClone(first), gateway, askedAt: atMs, heardAt: atMs + 1 };
        calls.push(old as Loose<Call>);
      });
      return { ...edited, rest: { atMs, nextOffsets } };
    },
  },
  {
    name: "the same request under the key is told key-reused",
    finds: KEYS,
    plant: ({ history, confirmed }) =>
      editCalls(history, (calls) => {
        const { asked } = keyedCall(calls, confirmed);
        ask(calls, asked, { kind: "refused", reason: "key-reused", booking: null });
      }),
  },
];

/** The call with a key that was shown a booking. */
function keyedCall(calls: readonly Loose<Call>[], id: string): Loose<Call> {
  const isIt = ({ asked, heard }: Loose<Call>) =>
    asked.kind === "book" && heard?.kind === "booking" && heard.booking.id === id;
  return heardIn(calls, "booking", isIt).call;
}
