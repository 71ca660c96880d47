/** `npm run check`. */
import { runChecks } from "./checks.ts";

const { failed } = runChecks();
for (const name of failed) process.stderr.write(`check: ${name} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
