/** Work that nobody waits for longer than it is worth. */

/** Rejects with what `late` builds if the work takes longer; the work itself goes on, unobserved. */
export async function withDeadline<T>(
  work: Promise<T>,
  deadlineMs: number,
  late: () => Error = () => new Error(`no answer within ${deadlineMs} ms`),
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(late());
    }, deadlineMs);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {
      // Whoever waited has been told already.
    });
  }
}
