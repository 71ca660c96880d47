/** Reads on in a log file from where it stood, over a change of files: `<name>` becomes `<name>.1` when it is full. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";

export class LogTail {
  readonly #path: string;
  #inode = 0;
  #offset = 0;
  #rest = "";

  /** From the present end on. */
  constructor(path: string) {
    this.#path = path;
    this.readLines();
  }

  /** The whole lines that have come since. */
  readLines(): string[] {
    const before = `${this.#path}.1`;
    const parts = [before, this.#path].filter(existsSync).map((path) => this.#readFrom(path));
    const lines = `${this.#rest}${parts.join("")}`.split("\n");
    this.#rest = lines.pop() ?? "";
    return lines;
  }

  /** Of the file that was read last what follows, of the one that came after it all, of older ones nothing. */
  #readFrom(path: string): string {
    const file = openSync(path, "r");
    try {
      const { ino, size } = fstatSync(file);
      const isOlder = path !== this.#path && ino !== this.#inode;
      if (isOlder) return "";
      const from = ino === this.#inode ? this.#offset : 0;
      const bytes = Buffer.alloc(Math.max(0, size - from));
      const length = readSync(file, bytes, 0, bytes.length, from);
      [this.#inode, this.#offset] = [ino, from + length];
      return bytes.toString("utf8", 0, length);
    } finally {
      closeSync(file);
    }
  }
}
