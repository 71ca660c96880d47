/**
 * A producer that writes in transactions leaves offsets in the line that hold no message. They must not
 * stop it. Planted faults: hidden offsets not handed to the feed; a batch of nothing else not noticed.
 */
import { randomUUID } from "node:crypto";

import { encodeRequest } from "@seatline/shared/contract/request.ts";
import type { Request } from "@seatline/shared/core/requests.ts";
import { connectKafka } from "@seatline/shared/line/kafka.ts";
import { testBroker } from "@seatline/shared/testing/broker.ts";
import { TestLine } from "@seatline/shared/testing/line.ts";
import { requestBook, requestShow } from "@seatline/shared/testing/requests.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { startWorker } from "../testing/test-worker.ts";

describe("a line with transactions in it", () => {
  let line: TestLine;
  let producer: ReturnType<ReturnType<typeof connectKafka>["producer"]>;
  const show = requestShow();

  beforeEach(async () => {
    line = await TestLine.open();
    const options = { ...testBroker("test-transactions"), requestTimeoutMs: 10_000, retries: 20 };
    producer = connectKafka(options).producer({
      transactionalId: randomUUID(),
      idempotent: true,
      maxInFlightRequests: 1,
    });
    await producer.connect();
  });
  afterEach(async () => {
    await producer.disconnect();
    await line.close();
  });

  const send = async (end: "commit" | "abort", ...requests: readonly Request[]) => {
    const transaction = await producer.transaction();
    const messages = requests.map((it) => ({ partition: 0, value: encodeRequest(it) }));
    await transaction.send({ topic: line.topics.requests, messages });
    await transaction[end]();
  };
  const book = (seat: number) => requestBook(show.showId, { seats: [seat] });

  it("goes on behind each mark, also where the mark is the last that stands there", async () => {
    const worker = await startWorker(line);
    await line.ask(show);
    await send("commit", book(1), book(2));
    await line.decidedUpTo(0, 4);
    await line.ask(book(3));
    await send("abort", book(4));
    await line.decidedUpTo(0, 7);
    await line.ask(book(4));
    await line.decidedUpTo(0, 8);
    expect(worker.gaveUp).toEqual([]);
    // Nor did it need the watchdog, which has a line that stands read again.
    expect(worker.lines.filter(({ msg }) => msg.includes("reading again"))).toEqual([]);
    await worker.close();
    const entries = await line.readEntries(0);
    const hidden = entries.map(({ deadLetter }) => deadLetter?.includes("transaction") ?? false);
    expect(hidden).toEqual([false, false, false, true, false, true, true, false]);
    const outcomes = entries.filter((_, index) => hidden[index] === false);
    expect(outcomes.map(({ outcome }) => outcome.kind)).toEqual([
      "show",
      "booking",
      "booking",
      "booking",
      "booking",
    ]);
  });

  it("is taken over by the next owner behind a mark", async () => {
    const first = await startWorker(line);
    await line.ask(show);
    await send("commit", book(1));
    await line.decidedUpTo(0, 3);
    await first.close();
    const second = await startWorker(line);
    await line.ask(book(2));
    await line.decidedUpTo(0, 4);
    await second.close();
    expect([...first.gaveUp, ...second.gaveUp]).toEqual([]);
  });
});
