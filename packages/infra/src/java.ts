/**
 * Finds a Java that can run Kafka, and the Maven that can fetch it. Never installs either.
 */
import { join } from "node:path";
import { runCommand } from "./run-command.ts";

export type Java = { readonly command: string; readonly version: string };

/** Kafka 4 brokers need it. */
const JAVA_MAJOR_MIN = 17;
const VERSION_TIMEOUT_MS = 10_000;

/** The first Java that will do, or what stands in its way. */
export async function findJava(
  env: NodeJS.ProcessEnv,
): Promise<Java | { readonly obstacle: string }> {
  const home = env["JAVA_HOME"];
  const commands = home ? [join(home, "bin", "java"), "java"] : ["java"];
  let tooOld: string | undefined;
  for (const command of commands) {
    const result = await runCommand(command, ["-version"], { timeoutMs: VERSION_TIMEOUT_MS, env });
    const major = parseJavaMajor(result.stderr);
    if (result.code !== 0 || major === undefined) continue;
    if (major >= JAVA_MAJOR_MIN) return { command, version: result.stderr };
    tooOld = `Java ${major} is too old, Kafka needs ${JAVA_MAJOR_MIN} or newer`;
  }
  return { obstacle: tooOld ?? `no Java ${JAVA_MAJOR_MIN} or newer was found` };
}

export async function hasMaven(env: NodeJS.ProcessEnv): Promise<boolean> {
  const result = await runCommand("mvn", ["--version"], { timeoutMs: VERSION_TIMEOUT_MS, env });
  return result.code === 0;
}

/** The major of what `java -version` prints: `openjdk version "17.0.15" …`, or `"1.8.0_402"` of old. */
export function parseJavaMajor(output: string): number | undefined {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}
