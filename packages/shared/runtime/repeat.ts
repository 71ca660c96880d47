/** Work that is done again and again, one turn at a time. */

export type Repeated = {
  /** Begins no other turn, and waits for the one under way. */
  readonly close: () => Promise<void>;
};

/** Does `work` at once, and again `intervalMs` after each end. It must handle its own errors. */
export function repeat(work: () => Promise<void>, intervalMs: number): Repeated {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const turn = async (): Promise<void> => {
    await work();
    if (closed) return;
    timer = setTimeout(() => {
      running = turn();
    }, intervalMs);
  };
  let running = turn();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
