/**
 * The decision log of one show: a line of JSON for every request with what became of it, each with the
 * show's running hash. Whoever has it can decide the sale again, and must get the same log byte by byte.
 * Reads nothing and talks to nobody.
 */
import { Type } from "typebox";
import { Compile } from "typebox/compile";

import {
  FIRST_TAIL,
  RecordEntrySchema,
  encodeEntry,
  hashChain,
  parseRecord,
} from "../contract/record.ts";
import type { RecordEntry } from "../contract/record.ts";
import { parseRequest } from "../contract/request.ts";
import { HashSchema } from "../contract/values.ts";
import type { Decision, Moment } from "../core/decision.ts";
import type { Request } from "../core/requests.ts";
import { buildLineState } from "../core/show.ts";
import { findSubject, step } from "../core/step.ts";
import { buildEntry } from "./entry.ts";

const checkLine = Compile(Type.Object({ entry: RecordEntrySchema, hash: HashSchema }));

/** Writes a show's log out of the records of its line, from its creation on. */
export class DecisionLog {
  readonly #showId: string;
  #hash = FIRST_TAIL;

  constructor(showId: string) {
    this.#showId = showId;
  }

  /** The lines that a record adds, each without its end of line. */
  addRecord(body: string): string[] {
    const entries = parseRecord(body)?.entries ?? [];
    return entries
      .filter(({ showId }) => showId === this.#showId)
      .map((entry) => {
        const text = encodeEntry(entry);
        this.#hash = hashChain(this.#hash, text);
        return encodeLine(text, this.#hash);
      });
  }
}

function encodeLine(entryText: string, hash: string): string {
  return `{"entry":${entryText},"hash":"${hash}"}`;
}

/** Decides a log again, line by line, in an empty core. After the first difference it knows nothing more. */
export class Replay {
  readonly #state = buildLineState();
  #hash = FIRST_TAIL;
  #decisions = 0;

  /** The running hash so far, and how many decisions were the same. */
  get hash(): string {
    return this.#hash;
  }
  get decisions(): number {
    return this.#decisions;
  }

  /** Null if the line is what must stand there; else what is wrong with it, as a sentence. */
  check(line: string): string | null {
    const parsed = parseLine(line);
    if (typeof parsed === "string") return parsed;
    const { entry, hash } = parsed;
    const text = encodeEntry(entry);
    if (encodeLine(text, hash) !== line) return "it is not written as Seatline writes it.";
    const expected = hashChain(this.#hash, text);
    if (expected !== hash) {
      return `its hash does not follow from the line before and this entry: ${expected} would.`;
    }
    const difference = this.#decide(entry, text);
    if (difference !== null) return difference;
    this.#hash = hash;
    this.#decisions += 1;
    return null;
  }

  #decide(entry: RecordEntry, text: string): string | null {
    const { partition, offset, appendedAt, now, unchanged } = entry;
    const read = parseRequest(entry.request ?? "");
    if ("fault" in read) return `its request is none: ${read.fault}.`;
    if (this.#decisions === 0 && read.request.kind !== "create-show") {
      return "the log must begin with the creation of its show.";
    }
    // Asked for before there was such a show, and refused: all that its log knows of it is this answer.
    if (unchanged?.reason === "show-not-found") this.#state.bookings.set(unchanged.id, unchanged);
    const moment = { place: { partition, offset }, appendedAt, now };
    const { showId } = findSubject(this.#state, read.request);
    const decision = this.#step(read.request, moment);
    if ("failure" in decision) return `the core fails on it: ${decision.failure}.`;
    const context = { moment, state: this.#state, showId };
    const asked = { text: entry.request, requestId: entry.requestId };
    const decided = buildEntry(asked, decision, context);
    return encodeEntry(decided) === text ? null : describeDifference(entry, decided);
  }

  #step(request: Request, moment: Moment): Decision | { failure: string } {
    try {
      return step(this.#state, request, moment);
    } catch (error) {
      // A log that was tampered with can ask for what no line ever would.
      return { failure: error instanceof Error ? error.message : String(error) };
    }
  }
}

function parseLine(line: string): { entry: RecordEntry; hash: string } | string {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return "it is not JSON.";
  }
  return checkLine.Check(json) ? json : "it is no entry of a decision log with its hash.";
}

/** The first member in which two entries differ, with both values cut to a readable length. */
export function describeDifference(logged: RecordEntry, decided: RecordEntry): string {
  for (const name of Object.keys(decided) as (keyof RecordEntry)[]) {
    const [was, is] = [JSON.stringify(logged[name]), JSON.stringify(decided[name])];
    if (was !== is) {
      const [wasShort, isShort] = cutToDifference(was ?? "nothing", is ?? "nothing");
      return `it is decided otherwise: its ${name} says ${wasShort}, and should say ${isShort}.`;
    }
  }
  return "it has members that do not belong there.";
}

const CONTEXT = 40;
const SHOWN_MAX = 160;

function cutToDifference(one: string, other: string): [string, string] {
  let start = 0;
  while (start < one.length && one[start] === other[start]) start += 1;
  const from = Math.max(0, start - CONTEXT);
  const cut = (text: string) => {
    const part = text.slice(from, from + SHOWN_MAX);
    const before = from > 0 ? "…" : "";
    return `${before}${part}${from + SHOWN_MAX < text.length ? "…" : ""}`;
  };
  return [cut(one), cut(other)];
}
