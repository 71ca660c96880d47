import { defineConfig } from "vitest/config";

const INFRASTRUCTURE = "tests/setup/infrastructure.ts";
const NO_REMAINS = "tests/setup/no-remains.ts";
const ELSEWHERE = ["**/node_modules/**", ".seatline/**"];

/** No test waits for its time-out to pass; these only end what hangs, on a machine that is busy. */
const TIMEOUTS = { testTimeout: 60_000, hookTimeout: 60_000, teardownTimeout: 30_000 };

/** Two cores carry everything: at most two files at once, and one where processes are started. */
export default defineConfig({
  test: {
    // One project per tier; a file's suffix says what it needs. Tiers run one after the other.
    projects: [
      {
        test: {
          ...TIMEOUTS,
          name: "pure",
          include: ["{packages,services,scripts}/**/*.test.ts", "tests/*.test.ts"],
          exclude: [...ELSEWHERE, "**/*.{pg,kafka,e2e}.test.ts"],
          setupFiles: [NO_REMAINS],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...TIMEOUTS,
          name: "pg",
          include: ["{packages,services}/**/*.pg.test.ts"],
          exclude: ELSEWHERE,
          globalSetup: [INFRASTRUCTURE],
          setupFiles: [NO_REMAINS],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...TIMEOUTS,
          name: "kafka",
          include: ["{packages,services}/**/*.kafka.test.ts"],
          exclude: ELSEWHERE,
          globalSetup: [INFRASTRUCTURE],
          setupFiles: [NO_REMAINS],
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...TIMEOUTS,
          testTimeout: 180_000,
          name: "e2e",
          include: ["tests/**/*.e2e.test.ts"],
          exclude: ELSEWHERE,
          globalSetup: [INFRASTRUCTURE],
          setupFiles: [NO_REMAINS],
          maxWorkers: 1,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
