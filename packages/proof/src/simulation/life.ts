/**
 * One life of one process: after a restart it is another. What happens to it comes through here, so a dead one
 * does nothing more, and a frozen one does all of it later.
 */

export class Life {
  /** Which process, whatever life of it. */
  readonly role: string;
  readonly name: string;
  #state: "running" | "frozen" | "dead" = "running";
  /** What happened to it while it was frozen. */
  #held: (() => void)[] = [];
  readonly #mourners = new Set<() => void>();

  constructor(role: string, nth: number) {
    this.role = role;
    this.name = `${role}#${nth}`;
  }

  get isDead(): boolean {
    return this.#state === "dead";
  }

  get isFrozen(): boolean {
    return this.#state === "frozen";
  }

  freeze(): void {
    if (this.#state === "running") this.#state = "frozen";
  }

  /** What happened meanwhile, in order, for whoever lets it go on. */
  thaw(): (() => void)[] {
    if (this.#state !== "frozen") return [];
    this.#state = "running";
    const held = this.#held;
    this.#held = [];
    return held;
  }

  die(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#held = [];
    for (const mourn of this.#mourners) mourn();
    this.#mourners.clear();
  }

  /** Called at its death: whoever is connected to it notices. What is returned calls that off. */
  onDeath(mourn: () => void): () => void {
    this.#mourners.add(mourn);
    return () => this.#mourners.delete(mourn);
  }

  /** Something happens to it: now, or when it goes on, or never. */
  live(run: () => void): void {
    if (this.#state === "running") run();
    else if (this.#state === "frozen") this.#held.push(run);
  }
}
