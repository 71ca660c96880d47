import { defineConfig } from "vitest/config";

/** One project per tier; a test file's suffix says what it needs. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "pure",
          include: ["{packages,services}/**/*.test.ts", "tests/*.test.ts"],
          exclude: ["**/node_modules/**", "**/*.{pg,kafka,e2e}.test.ts"],
        },
      },
    ],
  },
});
