/** Work that nobody waits for longer than it is worth. */
import type { Host } from "./host.ts";

type Deadline = {
  readonly host: Host;
  readonly deadlineMs: number;
  /** What the error says that is thrown when the time is up. */
  readonly late?: () => Error;
};

/** Rejects with what `late` builds if the work takes longer; the work itself goes on, unobserved. */
export async function withDeadline<T>(
  work: Promise<T>,
  { host, deadlineMs, late = () => new Error(`no answer within ${deadlineMs} ms`) }: Deadline,
): Promise<T> {
  let cancel = () => {};
  const deadline = new Promise<never>((_, reject) => {
    cancel = host.schedule(deadlineMs, () => {
      reject(late());
    });
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    cancel();
    work.catch(() => {
      // Whoever waited has been told already.
    });
  }
}
