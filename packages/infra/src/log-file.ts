/**
 * A child's log on disk, bounded: at its limit the file becomes `<name>.1` (replacing the one before)
 * and a new one begins. Writes at once, so that a crash of ours loses nothing.
 */
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** Two files of this size per child are kept: enough for hours at our log levels. */
const LOG_SIZE_MAX_BYTES = 10 * 1024 * 1024;

export class LogFile {
  readonly path: string;
  readonly #sizeMaxBytes: number;
  #file: number;
  #sizeBytes: number;

  constructor(path: string, sizeMaxBytes = LOG_SIZE_MAX_BYTES) {
    this.path = path;
    this.#sizeMaxBytes = sizeMaxBytes;
    mkdirSync(dirname(path), { recursive: true });
    this.#file = openSync(path, "a", 0o600);
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  write(chunk: string | Uint8Array): void {
    if (this.#sizeBytes >= this.#sizeMaxBytes) this.#rotate();
    const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    this.#sizeBytes += bytes.byteLength;
    writeSync(this.#file, bytes);
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    closeSync(this.#file);
    renameSync(this.path, `${this.path}.1`);
    this.#file = openSync(this.path, "a", 0o600);
    this.#sizeBytes = 0;
  }
}
