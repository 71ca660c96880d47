/**
 * Which lines of a child's log are worth showing in the terminal, and how. Pure. The log files keep
 * everything; the terminal shows what somebody should act upon.
 */
export type ShowLine = (line: string, stream: "stdout" | "stderr") => string | undefined;

/** Our services log JSON objects with `level` and `msg`; these levels are shown. */
const SHOWN_LEVELS = new Set(["warn", "error", "fatal"]);
const SHOWN_LENGTH_MAX = 500;

/** Our services: warnings and worse, and whatever they print on stderr by other means. */
export const showServiceLine: ShowLine = (line, stream) => {
  if (!line.startsWith("{")) return stream === "stderr" ? cut(line) : undefined;
  const entry = parseEntry(line);
  if (entry === undefined || !SHOWN_LEVELS.has(entry.level)) return undefined;
  return cut(`${entry.level}: ${entry.message}`);
};

/** Kafka's ERROR lines are many and most pass by themselves; these are the ones it dies of. */
export const showKafkaLine: ShowLine = (line) =>
  / FATAL |fatal (exception|error|fault)|OutOfMemoryError|No space left/i.test(line)
    ? cut(line)
    : undefined;

/** Postgres reports clients' mistakes as ERROR and FATAL; only PANIC is about the server itself. */
export const showPostgresLine: ShowLine = (line) =>
  line.includes("PANIC:") ? cut(line) : undefined;

/** Splits a stream of chunks into whole lines. */
export function createLineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = "";
  return (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = (lines.pop() ?? "").slice(0, SHOWN_LENGTH_MAX * 100);
    for (const line of lines) if (line.trim() !== "") onLine(line);
  };
}

function parseEntry(line: string): { level: string; message: string } | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("level" in entry)) return undefined;
    const { level } = entry;
    if (typeof level !== "string") return undefined;
    const message = "msg" in entry && typeof entry.msg === "string" ? entry.msg : line;
    const cause = "err" in entry ? describeCause(entry.err) : undefined;
    return { level, message: cause === undefined ? message : `${message} (${cause})` };
  } catch {
    return undefined;
  }
}

function describeCause(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null || !("message" in cause)) return undefined;
  return typeof cause.message === "string" ? cause.message : undefined;
}

function cut(line: string): string {
  return line.length <= SHOWN_LENGTH_MAX ? line : `${line.slice(0, SHOWN_LENGTH_MAX)}…`;
}
