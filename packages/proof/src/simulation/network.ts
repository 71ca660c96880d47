/**
 * Between processes and the two servers: a question goes out, is carried out, and its answer comes back. At each
 * of the three the process may die, the question or the answer may be lost, or be late.
 */
import type { Life } from "./life.ts";
import type { World } from "./world.ts";

/** What may go wrong with one question. */
export type StepFault =
  /** The process dies: before the question leaves, when it has left, or when it is carried out. */
  | "die-before"
  | "die-when-sent"
  | "die-when-done"
  /** The connection breaks: the question never arrives, or is carried out and its answer lost. */
  | "lose-question"
  | "lose-answer"
  /** The connection breaks, and the question is carried out a while later. */
  | "late"
  /** The server refuses: a deadlock, a statement that takes too long, no room. */
  | "refuse-deadlock"
  | "refuse-slow"
  | "refuse-full";

/** By role, which of its questions (counted over all its lives) go wrong, and how. */
type StepFaults = ReadonlyMap<string, ReadonlyMap<number, StepFault>>;

const LATE_MAX_MS = 4_000;
const REFUSALS: Readonly<Partial<Record<StepFault, string>>> = {
  "refuse-deadlock": "40P01",
  "refuse-slow": "57014",
  "refuse-full": "53100",
};

export type ServerName = "postgres" | "broker";

/** One of the two servers, as the network sees it. */
export class Server {
  readonly name: ServerName;
  state: "up" | "down" | "silent" = "up";
  /** What arrived while it was silent. */
  readonly held: (() => void)[] = [];
  /** How far its clock is off. */
  skewMs = 0;

  constructor(name: ServerName) {
    this.name = name;
  }
}

/** A question that is under way. */
type Pending = { readonly server: Server; readonly breakOff: () => void };

export class Network {
  readonly #world: World;
  #faults: StepFaults;
  readonly #steps = new Map<string, number>();
  readonly #pending = new Map<Life, Set<Pending>>();
  /** How often each fault of a step really happened. */
  readonly injected = new Map<StepFault, number>();
  /** Ends a life; somebody starts another. */
  readonly #kill: (life: Life) => void;

  constructor(
    world: World,
    { faults, kill }: { readonly faults: StepFaults; readonly kill: (life: Life) => void },
  ) {
    this.#world = world;
    this.#faults = faults;
    this.#kill = kill;
  }

  /** From now on every step does well, whoever comes to it. */
  endFaults(): void {
    this.#faults = new Map();
  }

  /**
   * Asks a server something. `patienceMs` is how long the client library waits for a server that is silent before
   * it takes the connection for broken. `isWhole` is false where the server fails in the middle: a database
   * carries a statement out whole or not at all, a broker each partition by itself.
   */
  ask<T>(
    life: Life,
    { server, patienceMs }: { readonly server: Server; readonly patienceMs: number },
    carryOut: (isWhole: boolean) => T,
  ): Promise<T> {
    // The dead ask nothing: what they were about to do goes on for one moment, and leads nowhere.
    if (life.isDead) return new Promise<never>(() => {});
    const fault = this.#nextFault(life, server);
    return new Promise<T>((resolve, reject) => {
      if (fault === "die-before") {
        this.#kill(life);
        return;
      }
      const question = new Question<T>({ world: this.#world, life, server, resolve, reject });
      const all = this.#pending.get(life) ?? new Set();
      this.#pending.set(life, all.add(question));
      question.onEnd(() => all.delete(question));
      if (fault === "lose-question") question.breakSoon();
      else this.#deliver(question, { fault, patienceMs, carryOut });
      if (fault === "die-when-sent") this.#kill(life);
    });
  }

  /** Every connection between a process and a server breaks; what is under way may have arrived. */
  cut(life: Life, server: Server): void {
    for (const pending of this.#pending.get(life) ?? []) {
      if (pending.server === server) pending.breakOff();
    }
  }

  #deliver<T>(
    question: Question<T>,
    {
      fault,
      patienceMs,
      carryOut,
    }: { fault: StepFault | null; patienceMs: number; carryOut: (isWhole: boolean) => T },
  ): void {
    const world = this.#world;
    const { life, server } = question;
    const refusal = fault === null ? undefined : REFUSALS[fault];
    const arrive = () => {
      if (server.state === "down") {
        question.breakOff();
        return;
      }
      if (server.state === "silent") {
        server.held.push(arrive);
        world.schedule(patienceMs, life, () => {
          question.breakOff();
        });
        return;
      }
      if (refusal !== undefined) {
        question.refuse(refusal);
        return;
      }
      const isWhole =
        fault !== "lose-answer" || server.name === "postgres" || world.random.chance(0.5);
      const answer = attempt(() => carryOut(isWhole));
      if (fault === "die-when-done") this.#kill(life);
      else if (fault === "lose-answer") question.breakSoon();
      else question.answer(answer);
    };
    if (fault === "late") {
      question.breakSoon();
      world.schedule(world.random.int(1, LATE_MAX_MS), null, arrive);
    } else world.schedule(world.delay(), null, arrive);
  }

  #nextFault(life: Life, server: Server): StepFault | null {
    const step = (this.#steps.get(life.role) ?? 0) + 1;
    this.#steps.set(life.role, step);
    const fault = this.#faults.get(life.role)?.get(step) ?? null;
    const isRefusal = fault !== null && REFUSALS[fault] !== undefined;
    if (fault === null || (isRefusal && server.name !== "postgres")) return null;
    this.injected.set(fault, (this.injected.get(fault) ?? 0) + 1);
    this.#world.tell(() => `${life.name}: ${fault} at step ${step}`);
    return fault;
  }
}

type QuestionParts<T> = {
  readonly world: World;
  readonly life: Life;
  readonly server: Server;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
};

type Attempt<T> = { readonly value: T } | { readonly error: unknown };

class Question<T> implements Pending {
  readonly #parts: QuestionParts<T>;
  #isOver = false;
  #end: () => void = () => {};

  constructor(parts: QuestionParts<T>) {
    this.#parts = parts;
  }

  get life(): Life {
    return this.#parts.life;
  }

  get server(): Server {
    return this.#parts.server;
  }

  onEnd(end: () => void): void {
    this.#end = end;
  }

  answer(attempted: Attempt<T>): void {
    const { world, life, resolve, reject } = this.#parts;
    world.schedule(world.delay(), life, () => {
      if (!this.#close()) return;
      if ("error" in attempted) reject(attempted.error);
      else resolve(attempted.value);
    });
  }

  refuse(code: string): void {
    this.answer({ error: Object.assign(new Error(`refused: ${code}`), { code }) });
  }

  breakSoon(): void {
    const { world, life } = this.#parts;
    world.schedule(world.delay(), life, () => {
      this.breakOff();
    });
  }

  /** The connection is gone: the process notices at its next turn. */
  breakOff(): void {
    const { world, life, server, reject } = this.#parts;
    world.schedule(0, life, () => {
      if (this.#close()) reject(buildBreak(server));
    });
  }

  #close(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#end();
    return true;
  }
}

function attempt<T>(carryOut: () => T): Attempt<T> {
  try {
    return { value: carryOut() };
  } catch (error) {
    return { error };
  }
}

/** A broken connection, as the two drivers tell of it. */
function buildBreak({ name }: Server): Error {
  const error = new Error(`the connection to ${name} broke`);
  if (name === "broker") error.name = "KafkaJSConnectionError";
  else Object.assign(error, { code: "CONNECTION_CLOSED" });
  return error;
}
