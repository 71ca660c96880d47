/** What was published says what is stored: all of it, in order, and nothing else. Copies are allowed. */
import { buildEvents } from "@seatline/shared/contract/event.ts";

import type { History, TopicMessage } from "./history.ts";
import type { HistoryIndex, LineSeen } from "./history-index.ts";

type Expected = { readonly name: string; readonly key: string; readonly text: string };

export function* findOutcomeFaults({ history, lines }: HistoryIndex): Generator<string> {
  yield* findPublicationFaults(history, "outcomes", (partition) =>
    (lines.find((line) => line.partition === partition)?.records ?? []).map(({ row }) => ({
      name: `record ${partition}-${row.first}`,
      key: String(partition),
      text: row.body,
    })),
  );
}

export function* findEventFaults({ history, lineByPartition }: HistoryIndex): Generator<string> {
  yield* findPublicationFaults(history, "events", (partition) =>
    listEvents(lineByPartition.get(partition)),
  );
}

function listEvents(line: LineSeen | undefined): Expected[] {
  const expected: Expected[] = [];
  for (const { record } of line?.records ?? []) {
    if (record === null) continue;
    for (const { showId, event } of buildEvents(record)) {
      expected.push({ name: `event ${event.id}`, key: showId, text: JSON.stringify(event) });
    }
  }
  return expected;
}

function* findPublicationFaults(
  { topics, tables }: History,
  topic: "outcomes" | "events",
  expect: (partition: number) => readonly Expected[],
): Generator<string> {
  const published = Map.groupBy(topics[topic], ({ partition }) => partition);
  const partitions = new Set(tables.partitions.map(({ partition }) => partition));
  for (const partition of published.keys()) partitions.add(partition);
  for (const partition of partitions) {
    yield* findTopicFaults(published.get(partition) ?? [], expect(partition));
  }
}

/** The first copies come in order: nothing is told before what was there before it. */
function* findTopicFaults(
  messages: readonly TopicMessage[],
  expected: readonly Expected[],
): Generator<string> {
  const early = new Set<number>();
  let next = 0;
  for (const { partition, offset, key, value } of messages) {
    while (early.has(next)) next += 1;
    const text = value?.toString("utf8") ?? "";
    const keyText = key?.toString("utf8") ?? null;
    // Mostly it is what is due next: only a copy, or a fault, is looked for among all.
    const index = text === expected[next]?.text ? next : findText(expected, text);
    const one = expected[index];
    if (one === undefined) {
      yield `what stands at ${partition}-${offset} says what nobody decided`;
      continue;
    }
    if (keyText !== one.key) yield `${one.name} is published with the key ${keyText}`;
    if (index === next) next += 1;
    if (index < next || early.has(index)) continue;
    yield `${one.name} is published at ${partition}-${offset}, before ${expected[next]?.name}`;
    early.add(index);
  }
  for (const [index, { name }] of expected.entries()) {
    if (index >= next && !early.has(index)) yield `${name} is not published`;
  }
}

function findText(expected: readonly Expected[], text: string): number {
  return expected.findIndex((one) => one.text === text);
}

/** What a step left to do stands in the line behind it. */
export function* findFollowUpFaults({ entries, lineByPartition }: HistoryIndex): Generator<string> {
  for (const { partition, offset, followUp } of entries) {
    if (followUp === null) continue;
    const isThere = lineByPartition
      .get(partition)
      ?.messages.some(
        (one) =>
          one.offset > offset &&
          one.text === followUp.message &&
          one.key?.toString("utf8") === followUp.showId,
      );
    if (isThere !== true)
      yield `what ${partition}-${offset} left to do is not in the line behind it`;
  }
}
