/**
 * Finds ports that nobody listens on. Never reserves one: whoever asks has to take it soon and be
 * ready to hear that somebody else was quicker.
 */
import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Below the range from which systems pick the near end of outgoing connections. A server on a port
 * of that range can lose it to some client while it restarts, and a client that keeps knocking there
 * may get connected to itself.
 */
export const PORT_MIN = 20_000;
export const PORT_MAX = 32_000;
const ATTEMPTS_MAX = 200;

/** Why nobody could listen there just now (the system's code, like EADDRINUSE), or null. */
export function findPortObstacle(port: number, host = "127.0.0.1"): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** A free port, the `preferred` one if it can be had; never one of `taken`. */
export async function findFreePort(
  preferred?: number,
  taken: readonly number[] = [],
): Promise<number> {
  const isGood = async (port: number): Promise<boolean> =>
    !taken.includes(port) && (await findPortObstacle(port)) === null;
  if (preferred !== undefined && (await isGood(preferred))) return preferred;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if (await isGood(port)) return port;
  }
  throw new Error(
    `No free port was found on 127.0.0.1 between ${PORT_MIN} and ${PORT_MAX} in ${ATTEMPTS_MAX} attempts.`,
  );
}
