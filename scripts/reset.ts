/**
 * `npm run reset`: forgets all that `npm start` has kept for this checkout.
 */
import { REPOSITORY_ROOT } from "@seatline/infra/paths.ts";
import { resetCheckout } from "@seatline/infra/reset.ts";

const log = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

try {
  await resetCheckout({ root: REPOSITORY_ROOT, env: process.env, log });
} catch (error) {
  log((error as Error).message);
  process.exitCode = 1;
}
