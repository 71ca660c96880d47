/**
 * Workers as processes of their own: frozen for longer than their session, killed under load, told to
 * stop. Whatever happens to them, every request is decided once, in order.
 */
import { fileURLToPath } from "node:url";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { CreateShow, Request } from "@seatline/shared/core/requests.ts";
import { testBroker, withAdmin } from "@seatline/shared/testing/broker.ts";
import { layoutOf, standing } from "@seatline/shared/testing/builders.ts";
import { startProcess } from "@seatline/shared/testing/child-process.ts";
import type { TestProcess } from "@seatline/shared/testing/child-process.ts";
import { TestLine } from "@seatline/shared/testing/line.ts";
import { requestBook, requestConfirm, requestShow } from "@seatline/shared/testing/requests.ts";
import { TEST_PARTITIONS } from "@seatline/shared/testing/servers.ts";
import { waitUntil } from "@seatline/shared/testing/wait-until.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
const PARTITIONS = Array.from({ length: TEST_PARTITIONS }, (_, partition) => partition);
const SESSION_TIMEOUT_MS = 3_000;
const SEATS = layoutOf([standing("Floor", 100_000)]);

describe("a worker's process", () => {
  let line: TestLine;
  const workers: TestProcess[] = [];
  const shows = new Map<number, CreateShow>();
  const asked = new Map<number, Request[]>();

  const start = () => {
    const worker = startProcess(MAIN, {
      DATABASE_URL: line.database.url,
      KAFKA_BROKERS: testBroker().brokers.join(","),
      TOPIC_PREFIX: line.prefix,
      SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
    });
    workers.push(worker);
    return worker;
  };

  beforeEach(async () => {
    line = await TestLine.open();
    shows.clear();
    asked.clear();
    for (const partition of PARTITIONS) {
      const show = requestShow({ partition, layout: SEATS });
      shows.set(partition, show);
      asked.set(partition, []);
      await ask(partition, [show]);
    }
  });
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await line.close();
  });

  const ask = async (partition: number, requests: readonly Request[]) => {
    await line.ask(...requests);
    asked.get(partition)?.push(...requests);
  };
  /** Half of them are confirmed: a second decision of anything would show. */
  const load = async (count: number) => {
    for (const partition of PARTITIONS) {
      const showId = shows.get(partition)?.showId ?? "";
      const books = Array.from({ length: count }, () => requestBook(showId, { count: 1 }));
      const confirms = books.slice(count / 2).map((book) => requestConfirm(book.requestId));
      await ask(partition, [...books, ...confirms]);
    }
  };
  const allDecided = async () => {
    for (const partition of PARTITIONS) {
      await line.decidedUpTo(partition, asked.get(partition)?.length ?? 0);
    }
  };
  const readDecided = async () =>
    await Promise.all(
      PARTITIONS.map(async (partition) =>
        (await line.readEntries(partition)).map(({ requestId }) => requestId),
      ),
    );
  const wanted = () =>
    PARTITIONS.map((partition) => asked.get(partition)?.map(({ requestId }) => requestId));
  const assignments = ({ lines }: TestProcess) =>
    lines.filter(({ msg }) => msg === "partitions assigned");

  it("that was frozen while another took over writes nothing wrong when it wakes", async () => {
    const frozen = start();
    await allDecided();
    await load(1_000);
    frozen.kill("SIGSTOP");
    const frozenAt = performance.now();
    const other = start();
    await load(20);
    await allDecided();
    await waitUntil("its session is over", () => performance.now() - frozenAt > SESSION_TIMEOUT_MS);
    const joins = assignments(frozen).length;
    frozen.kill("SIGCONT");
    await waitUntil("it is in the group again", () => assignments(frozen).length > joins);
    await load(20);
    await allDecided();
    expect(await readDecided()).toEqual(wanted());
    await waitUntil("between them they serve every partition once", () => {
      const served = [frozen, other].flatMap((it) => assignments(it).at(-1)?.["partitions"]);
      return PARTITIONS.every((it) => served.filter((partition) => partition === it).length === 1);
    });
    const told = frozen.lines.filter(({ msg }) => msg.includes("stood still"));
    expect(told).toEqual([expect.objectContaining({ level: "warn" })]);
    for (const { lines } of [frozen, other]) {
      expect(lines.filter(({ level }) => level === "fatal" || level === "error")).toEqual([]);
    }
  });

  it("that is killed under load loses nothing and does nothing twice", async () => {
    for (let round = 0; round < 2; round++) {
      const worker = start();
      await load(300);
      // Somewhere in the middle: it has decided something of this round, and rarely all of it.
      await waitUntil("it has begun", async () => {
        const [row] = await line.sql<{ decided: number }[]>`
          select sum(next_offset)::int as decided from partitions`;
        return (row?.decided ?? 0) > round * 300 * PARTITIONS.length;
      });
      worker.kill("SIGKILL");
      expect(await worker.exited).toBe("SIGKILL");
    }
    start();
    await allDecided();
    expect(await readDecided()).toEqual(wanted());
  });

  it("that is told to stop finishes its batch, leaves the group, and says so", async () => {
    const worker = start();
    await allDecided();
    await load(500);
    worker.kill("SIGTERM");
    expect(await worker.exited).toBe(0);
    expect(worker.lines.at(-1)?.msg).toBe("stopped");
    // It has left: nobody has to wait for its session to end.
    const groups = await withAdmin((admin) =>
      admin.describeGroups([`${line.prefix}.booking-worker`]),
    );
    expect(groups.groups[0]?.members).toEqual([]);
    start();
    await allDecided();
    expect(await readDecided()).toEqual(wanted());
  });

  it("that is configured wrongly tells every problem and exits with 78", async () => {
    const worker = startProcess(MAIN, { KAFKA_BROKERS: "a,,b", HEALTH_PORT: "many" });
    workers.push(worker);
    expect(await worker.exited).toBe(78);
    expect(worker.errors.map((text) => text.split(" ").slice(0, 2).join(" "))).toEqual([
      "booking-worker: DATABASE_URL",
      "booking-worker: KAFKA_BROKERS",
      "booking-worker: HEALTH_PORT",
    ]);
  });
});
