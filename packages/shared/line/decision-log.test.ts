/**
 * A sale that is decided again is the same, and a log that was tampered with is found out. Planted faults:
 * a hash that leaves out the line before, a replay that trusts the outcome of the log, a line that is compared
 * member by member.
 */
import { describe, expect, it } from "vitest";

import { encodeEntry, hashChain } from "../contract/record.ts";
import type { RecordEntry } from "../contract/record.ts";
import type { Request } from "../core/requests.ts";
import { buildLine, decideOn, lineAfter } from "../testing/batches.ts";
import { layoutOf, seated, standing } from "../testing/builders.ts";
import { buildRandom, seedOfRun } from "../testing/random.ts";
import type { Random } from "../testing/random.ts";
import {
  NOON,
  requestBook,
  requestCancel,
  requestChange,
  requestConfirm,
  requestExtend,
  requestShow,
} from "../testing/requests.ts";
import { DecisionLog, Replay } from "./decision-log.ts";

const seed = seedOfRun();
const layout = layoutOf([seated("Stalls", "A-B", { seatsPerRow: 6 }), standing("Floor", 4)]);
const show = requestShow({ layout, rules: { holdMs: 2_000, seatsPerCustomerMax: 4 } });
const other = requestShow();

function buildRequest(random: Random, known: string[]): Request {
  const id = known.length === 0 ? show.requestId : random.pick(known);
  const fresh = requestBook(
    random.chance(0.8) ? show.showId : other.showId,
    random.pick([{ count: 2 }, { together: [3] }, { seats: [random.int(1, 12)] }]),
    {
      customer: random.pick(["Zoë", "Ann", "Bo"]),
      wait: random.chance(0.5) ? { until: NOON + 60_000 } : null,
    },
  );
  return random.pick<() => Request>([
    () => requestConfirm(id),
    () => requestCancel(id),
    () => requestExtend(id),
    () => requestChange(show.showId, { block: `${random.int(1, 12)}` }),
    () => {
      known.push(fresh.requestId);
      return fresh;
    },
  ])();
}

/** The log of a random sale of two shows, as the gateway writes it from the records of the worker. */
function buildLog(): { lines: string[]; hash: string | undefined } {
  const random = buildRandom(seed);
  const known: string[] = [];
  let line = buildLine(0);
  const log = new DecisionLog(show.showId);
  const lines: string[] = [];
  // Before there is a show: what is asked for then is refused, and asked for again later.
  const early = requestBook(show.showId, { count: 1 });
  let requests: Request[] = [early, show, other, early];
  for (let count = 0; count < 30; count++) {
    const batch = decideOn(line, requests, NOON + count * 700);
    line = lineAfter(line, batch);
    lines.push(...log.addRecord(batch.body));
    requests = Array.from({ length: 5 }, () => buildRequest(random, known));
  }
  return { lines, hash: line.heads.get(show.showId)?.hash };
}

function replay(lines: readonly string[]): { replay: Replay; fault: string | null; at: number } {
  const replay = new Replay();
  for (const [index, line] of lines.entries()) {
    const fault = replay.check(line);
    if (fault !== null) return { replay, fault, at: index + 1 };
  }
  return { replay, fault: null, at: 0 };
}

/** The log with all hashes made anew from the given line on, as whoever falsifies it would. */
function withHashes(entries: readonly RecordEntry[]): string[] {
  let hash = "0".repeat(64);
  return entries.map((entry) => {
    hash = hashChain(hash, encodeEntry(entry));
    return JSON.stringify({ entry, hash });
  });
}

describe(`a decision log (SEED=${seed})`, () => {
  const { lines, hash } = buildLog();
  const entries = lines.map((line) => (JSON.parse(line) as { entry: RecordEntry }).entry);

  it("is decided again to the same hash as the show's, as often as one likes", () => {
    for (const _ of [1, 2]) {
      const { replay: done, fault } = replay(lines);
      expect(fault).toBeNull();
      expect(done.hash).toBe(hash);
      expect(done.decisions).toBe(lines.length);
    }
    expect(lines.length).toBeGreaterThan(60);
  });

  it("is found out by one changed byte, wherever it is, in the very line", () => {
    const random = buildRandom(seed);
    for (let round = 0; round < 400; round++) {
      const at = random.int(0, lines.length - 1);
      const bytes = Buffer.from(lines[at] ?? "");
      const byte = random.int(0, bytes.length - 1);
      bytes[byte] = (bytes[byte] ?? 0) ^ (1 << random.int(0, 6));
      const changed = lines.with(at, bytes.toString("utf8"));
      const result = replay(changed);
      expect({ seed, byte, at: result.at }).toEqual({ seed, byte, at: at + 1 });
    }
  });

  it.each([
    ["left out", (all: string[]) => all.toSpliced(5, 1), 6],
    ["told twice", (all: string[]) => all.toSpliced(5, 0, all[5] ?? ""), 7],
    ["in another place", (all: string[]) => all.toSpliced(5, 2, all[6] ?? "", all[5] ?? ""), 6],
    [
      "with another member",
      (all: string[]) => all.with(5, all[5]?.replace("{", '{"a":1,') ?? ""),
      6,
    ],
    ["with a blank more", (all: string[]) => all.with(5, all[5]?.replace("{", "{ ") ?? ""), 6],
    ["that is empty", (all: string[]) => all.toSpliced(5, 0, ""), 6],
    ["before the show's creation", (all: string[]) => all.slice(1), 1],
  ])("is found out by a line %s", (_, spoil, at) => {
    expect(replay(spoil(lines)).at).toBe(at);
  });

  it("is found out where every hash was made anew, too: the sale itself must be the same", () => {
    const holdsSeats = ({ changed: [first] }: RecordEntry) =>
      first?.status === "PENDING" && first.seats.length > 0;
    const at = entries.findIndex(holdsSeats);
    const [booking] = entries[at]?.changed ?? [];
    if (booking === undefined) throw new Error("somebody holds a seat");
    const favoured = { ...booking, seats: booking.seats.map((seat) => (seat % 12) + 1) };
    const entry = { ...entries[at], changed: [favoured] } as RecordEntry;
    const result = replay(withHashes(entries.with(at, entry)));
    expect(result.at).toBe(at + 1);
    expect(result.fault).toMatch(/^it is decided otherwise: its changed says .* should say /);
  });

  it("is found out where a request went before another that was in the line first", () => {
    const [first, second] = entries
      .map(({ request }, index) => ({ index, isBook: request?.includes('"book"') === true }))
      .filter(({ isBook }) => isBook)
      .slice(2, 4)
      .map(({ index }) => index);
    const [one, two] = [entries[first ?? 0], entries[second ?? 0]];
    if (one === undefined || two === undefined) throw new Error("there are two");
    const swapped = entries
      .with(first ?? 0, { ...one, request: two.request, requestId: two.requestId })
      .with(second ?? 0, { ...two, request: one.request, requestId: one.requestId });
    expect(replay(withHashes(swapped)).fault).toMatch(/^it is decided otherwise/);
  });
});
