/** Work that is done again and again, one turn at a time. */
import type { Host } from "./host.ts";

export type Repeated = {
  /** Begins no other turn, and waits for the one under way. */
  readonly close: () => Promise<void>;
};

/** Does `work` at once, and again `intervalMs` after each end. It must handle its own errors. */
export function repeat(
  work: () => Promise<void>,
  { host, intervalMs }: { readonly host: Host; readonly intervalMs: number },
): Repeated {
  let closed = false;
  let cancel = () => {};
  const turn = async (): Promise<void> => {
    await work();
    if (closed) return;
    cancel = host.schedule(intervalMs, () => {
      running = turn();
    });
  };
  let running = turn();
  return {
    close: async () => {
      closed = true;
      cancel();
      await running;
    },
  };
}
