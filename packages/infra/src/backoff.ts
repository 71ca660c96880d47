/**
 * How long to wait before a process that died is started again. Pure: it has no clock.
 */
const RESTART_DELAY_MIN_MS = 200;
const RESTART_DELAY_MAX_MS = 5_000;
/** Whoever ran this long was well: the next death is a new one, not the same trouble. */
export const HEALTHY_RUN_MS = 30_000;

/** The wait before restart number `restartIndex` (from 0) of one row of deaths. */
export function restartDelayMs(restartIndex: number): number {
  return Math.min(RESTART_DELAY_MIN_MS * 2 ** restartIndex, RESTART_DELAY_MAX_MS);
}

/** The index of the next restart, after a run of `ranMs` that followed restart `restartIndex`. */
export function nextRestartIndex(restartIndex: number, ranMs: number): number {
  return ranMs >= HEALTHY_RUN_MS ? 0 : restartIndex + 1;
}
