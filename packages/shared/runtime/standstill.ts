/** Notices afterwards that this process did not run for a while: it was stopped, or its machine slept. */
import type { Host } from "./host.ts";

type Standstill = {
  readonly host: Host;
  /** Of a shorter one nothing is told. */
  readonly limitMs: number;
  /** For how long nothing ran, the wait for the next look included. */
  readonly onStandstill: (silentMs: number) => void;
};

const LOOKS_PER_LIMIT = 4;

/** Looks until the function that it gives is called. */
export function watchStandstill({ host, limitMs, onStandstill }: Standstill): () => void {
  const lookMs = Math.ceil(limitMs / LOOKS_PER_LIMIT);
  let cancel = () => {};
  const waitForLook = (): void => {
    const seenAt = host.monotonicMs();
    cancel = host.schedule(lookMs, () => {
      const silentMs = host.monotonicMs() - seenAt;
      if (silentMs > limitMs) onStandstill(silentMs);
      waitForLook();
    });
  };
  waitForLook();
  return () => {
    cancel();
  };
}
