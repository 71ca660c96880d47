/**
 * The life of a process: start, run until told to stop, stop in order, with a hard deadline. The
 * only code of a service that ends the process.
 */
import { ConfigError, EXIT_CONFIG } from "./config.ts";
import { buildLog } from "./log.ts";
import type { Log } from "./log.ts";

/** Exit code for "cannot go on": the supervisor starts the process again. */
const EXIT_FAILURE = 1;
/** What is not stopped by then is cut off: uncommitted work is read again by the next owner. */
const STOP_DEADLINE_MS = 10_000;

type Running = {
  /** Stops taking work, finishes what was begun, lets go of everything. */
  readonly close: () => Promise<void>;
};

/**
 * Ends the process with a non-zero code because it cannot make progress; `why` is one sentence. With a
 * ConfigError it says that only a person can mend it: a restart is of no use.
 */
export type GiveUp = (why: string, error?: unknown) => void;

/**
 * Runs a service. `start` gets a way to give up and returns what to close. A ConfigError is printed
 * as plain sentences; anything else that escapes is a bug or a lost cause and ends the process.
 */
export async function runService(
  name: string,
  start: (giveUp: GiveUp) => Promise<{ running: Running; log: Log }>,
): Promise<void> {
  let log = buildLog(name, "info");
  let running: Running | undefined;
  let stopping = false;

  const stop = async (exitCode: number, lastWords: readonly string[] = []) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      log.error({ deadlineMs: STOP_DEADLINE_MS }, "did not stop in time; cutting off");
      process.exit(exitCode === 0 ? EXIT_FAILURE : exitCode);
    }, STOP_DEADLINE_MS).unref();
    const clean = await closeAll(running, log);
    for (const words of lastWords) process.stderr.write(`${name}: ${words}\n`);
    process.exit(exitCode === 0 && !clean ? EXIT_FAILURE : exitCode);
  };
  const giveUp: GiveUp = (why, error) => {
    if (error instanceof ConfigError) {
      void stop(EXIT_CONFIG, error.problems);
      return;
    }
    log.fatal({ err: error }, why);
    void stop(EXIT_FAILURE);
  };

  process.on("SIGTERM", () => {
    void stop(0);
  });
  process.on("SIGINT", () => {
    void stop(0);
  });
  // A child whose supervisor is gone would otherwise live on unseen.
  process.on("disconnect", () => {
    void stop(0);
  });
  process.on("uncaughtException", (error) => {
    giveUp("a bug: stopping", error);
  });

  try {
    ({ running, log } = await start(giveUp));
    log.info("started");
  } catch (error) {
    giveUp("could not start", error);
  }
}

async function closeAll(running: Running | undefined, log: Log): Promise<boolean> {
  try {
    if (running === undefined) return true;
    await running.close();
    log.info("stopped");
    return true;
  } catch (error) {
    log.error({ err: error }, "did not stop cleanly");
    return false;
  }
}
