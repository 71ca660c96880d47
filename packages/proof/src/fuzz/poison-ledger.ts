/** What became of each message that was put into the line, as the records tell it. */
import type { Poison } from "./poison.ts";

type Entry = {
  readonly partition: number;
  readonly offset: number;
  readonly requestId: string | null;
  readonly deadLetter: string | null;
  readonly outcome: { readonly kind: string; readonly reason?: string };
};

type Listeners = {
  readonly onFault: (fault: string) => void;
  /** A message that was parked. */
  readonly onDecided: (poison: Poison, offset: number) => void;
};

/** Entries that come before the ack of their message is known here. */
const EARLY_MAX = 20_000;
const SHOWN_MAX = 200;

export class PoisonLedger {
  readonly #listeners: Listeners;
  readonly #waiting = new Map<string, { readonly poison: Poison; readonly since: number }>();
  #waitingBytes = 0;
  readonly #early = new Map<string, Entry>();
  readonly #byKind = new Map<string, { parked: number; decided: number }>();

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  get undecided(): number {
    return this.#waiting.size;
  }

  get undecidedBytes(): number {
    return this.#waitingBytes;
  }

  /** How long the one that waits longest has waited. */
  get oldestMs(): number {
    const [first] = this.#waiting.values();
    return first === undefined ? 0 : performance.now() - first.since;
  }

  get parked(): number {
    return [...this.#byKind.values()].reduce((sum, { parked }) => sum + parked, 0);
  }

  get decided(): number {
    return [...this.#byKind.values()].reduce((sum, { decided }) => sum + decided, 0);
  }

  expect(poison: Poison, offset: number): void {
    const place = `${poison.partition}-${offset}`;
    const entry = this.#early.get(place);
    if (entry === undefined) {
      this.#waiting.set(place, { poison, since: performance.now() });
      this.#waitingBytes += poison.value?.length ?? 0;
    } else this.#judge(poison, entry);
    this.#early.delete(place);
  }

  /** Takes a record of the topic of outcomes. */
  read(text: string): void {
    const { entries } = JSON.parse(text) as { readonly entries: readonly Entry[] };
    for (const entry of entries) {
      const place = `${entry.partition}-${entry.offset}`;
      const waiting = this.#waiting.get(place);
      if (waiting !== undefined) {
        this.#waitingBytes -= waiting.poison.value?.length ?? 0;
        this.#judge(waiting.poison, entry);
      } else if (entry.requestId === null || this.#early.size < EARLY_MAX)
        this.#early.set(place, entry);
      this.#waiting.delete(place);
    }
    this.#dropEarliest();
  }

  /** Whatever still waits was never decided. */
  close(): void {
    for (const [place, { poison }] of this.#waiting) {
      this.#listeners.onFault(`${describe(poison)} at ${place} was never decided`);
    }
  }

  /** The kinds of which no message was sent. */
  listUntried(kinds: readonly string[]): string[] {
    const tried = [...this.#byKind.keys()];
    return kinds.filter((kind) => !tried.some((known) => known.startsWith(kind)));
  }

  /** By kind, how many were parked and how many turned out to be requests. */
  describeKinds(): string[] {
    return [...this.#byKind]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([kind, { parked, decided }]) =>
          `  ${kind.padEnd(34)}${String(parked).padStart(8)} parked${decided === 0 ? "" : `, ${decided} decided`}`,
      );
  }

  #judge(poison: Poison, entry: Entry): void {
    const { deadLetter, outcome, requestId, partition, offset } = entry;
    const counts = this.#byKind.get(poison.what) ?? { parked: 0, decided: 0 };
    this.#byKind.set(poison.what, counts);
    const fault = (why: string) =>
      this.#listeners.onFault(`${describe(poison)} at ${partition}-${offset} ${why}`);
    if (deadLetter === null) {
      counts.decided += 1;
      if (poison.mustPark) fault("was decided, though it is no request");
      return;
    }
    counts.parked += 1;
    if (requestId !== poison.requestId)
      fault(`was told to ${requestId}, not to ${poison.requestId}`);
    if (outcome.kind !== "refused" || outcome.reason !== "internal")
      fault(`came to ${JSON.stringify(outcome)}`);
    this.#listeners.onDecided(poison, offset);
  }

  #dropEarliest(): void {
    for (const place of this.#early.keys()) {
      if (this.#early.size <= EARLY_MAX / 2) return;
      this.#early.delete(place);
    }
  }
}

function describe({ what, value }: Poison): string {
  const text = value === null ? "null" : value.subarray(0, SHOWN_MAX).toString("base64");
  return `a message (${what}; base64 ${text})`;
}
