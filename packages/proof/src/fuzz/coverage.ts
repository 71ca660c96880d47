/** What a run has reached of what there is, as figures and as lines. */
import type { Operation } from "./api.ts";
import type { HttpCase } from "./http-case.ts";
import { encodeTarget } from "./plan.ts";
import type { Plan } from "./plan.ts";

type Reached = { count: number; readonly byStatus: Map<number, number> };

const LINES_MAX = 40;
const NAME_WIDTH = 34;

export class Coverage {
  readonly #operations: readonly Operation[];
  readonly #planned: ReadonlySet<string>;
  readonly #byOperation = new Map<string, Reached>();
  readonly #byTarget = new Map<string, number>();
  readonly #byReason = new Map<string, number>();

  constructor(operations: readonly Operation[], plan: Plan) {
    this.#operations = operations;
    this.#planned = new Set(plan.targets.map(encodeTarget));
    for (const { name } of operations)
      this.#byOperation.set(name, { count: 0, byStatus: new Map() });
  }

  note({ operation, label, isAltered }: HttpCase, status: number, reason: string | null): void {
    const reached = this.#byOperation.get(operation.name);
    if (reached !== undefined) {
      reached.count += 1;
      if (!isAltered) increase(reached.byStatus, status);
    }
    this.noteTarget(label);
    if (reason !== null) increase(this.#byReason, reason);
  }

  noteTarget(label: string): void {
    increase(this.#byTarget, label);
  }

  /** The documented statuses, members and mutations that no request has reached. */
  listUnreached(): string[] {
    const statuses = this.#operations.flatMap(({ name, statuses, isClassic }) => {
      const byStatus = this.#byOperation.get(name)?.byStatus ?? new Map<number, number>();
      const isRefused = [...byStatus.keys()].some((status) => status >= 400);
      return statuses
        .filter(
          (status) =>
            !(status === "default" ? isRefused || isClassic : byStatus.has(Number(status))),
        )
        .map((status) => `${name} never answered ${status}`);
    });
    const targets = [...this.#planned].filter((name) => !this.#byTarget.has(name));
    return [...statuses, ...targets.map((name) => `not tried: ${name}`)];
  }

  describe(): string[] {
    const rows = [...this.#byOperation].map(
      ([name, { count, byStatus }]) =>
        `  ${name.padEnd(NAME_WIDTH)}${String(count).padStart(9)}  ${describeCounts(byStatus)}`,
    );
    const unreached = this.listUnreached();
    const rest = unreached.length - LINES_MAX;
    return [
      `  ${"operation".padEnd(NAME_WIDTH)}${"requests".padStart(9)}  answers`,
      ...rows,
      "",
      ...this.#describeMembers(),
      "",
      `  reasons  ${describeCounts(this.#byReason)}`,
      "",
      unreached.length === 0 ? "  Everything that is described was reached." : "  Not reached:",
      ...unreached.slice(0, LINES_MAX).map((line) => `    ${line}`),
      ...(rest > 0 ? [`    … and ${rest} more`] : []),
    ];
  }

  /** By operation: how many members, how many ways to change them, how often. */
  #describeMembers(): string[] {
    const rows = this.#operations.map(({ name }) => {
      const isBody = (label: string) => label.startsWith(`${name} body /`);
      const isOwn = (label: string) => label.startsWith(`${name} `) && !isBody(label);
      const { members, tried, planned, times } = this.#count(isBody);
      const oddities = this.#count(isOwn);
      return `  ${name.padEnd(NAME_WIDTH)}${`${members}`.padStart(8)}${`${tried}/${planned}`.padStart(12)}${String(times).padStart(9)}${`${oddities.tried}/${oddities.planned}`.padStart(12)}${String(oddities.times).padStart(9)}`;
    });
    const raw = this.#count((label) => label.startsWith("bare socket: "));
    return [
      `  ${"".padEnd(NAME_WIDTH)}${"members".padStart(8)}${"mutations".padStart(12)}${"times".padStart(9)}${"oddities".padStart(12)}${"times".padStart(9)}`,
      ...rows,
      `  ${"bare socket".padEnd(NAME_WIDTH)}${"".padStart(29)}${`${raw.tried}/${raw.planned}`.padStart(12)}${String(raw.times).padStart(9)}`,
    ];
  }

  #count(isMeant: (label: string) => boolean) {
    const planned = [...this.#planned].filter(isMeant);
    const tried = planned.filter((label) => this.#byTarget.has(label));
    const members = new Set(planned.map((label) => label.split(": ")[0]));
    const times = tried.reduce((sum, label) => sum + (this.#byTarget.get(label) ?? 0), 0);
    return { members: members.size, planned: planned.length, tried: tried.length, times };
  }
}

function describeCounts(counts: ReadonlyMap<number | string, number>): string {
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([name, count]) => `${name}×${count}`).join(" ") || "none";
}

function increase<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
