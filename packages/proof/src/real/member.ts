/**
 * One service of a real system that may be hurt: a process that reaches Postgres and the broker through proxies of its
 * own. It is started again when it ends by itself, as a supervisor does, and all that it says is kept.
 */
import { appendFileSync } from "node:fs";

import { parseLogLine } from "@seatline/shared/testing/log-lines.ts";
import type { Proxy } from "@seatline/shared/testing/proxy.ts";
import { Service } from "@seatline/shared/testing/service.ts";
import type { ServiceName } from "@seatline/shared/testing/service.ts";
import type { Http } from "@seatline/shared/testing/http.ts";

import type { MemberName, ServerName } from "./parts.ts";

type MemberProxies = Readonly<Record<ServerName, Proxy>>;

type MemberOptions = {
  readonly name: MemberName;
  readonly service: ServiceName;
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly http: Http;
  readonly proxies: MemberProxies;
  readonly logPath: string;
  /** It says something that is worse than `info`. */
  readonly onComplaint: (complaint: Complaint) => void;
};

/** A line of a log that tells of trouble. */
export type Complaint = {
  readonly service: ServiceName;
  readonly level: (typeof LEVELS)[number];
  readonly words: string;
};

const LEVELS = ["warn", "error", "fatal"] as const;
const LOOK_MS = 100;
/** As long as a supervisor lets a service rest that has ended. */
const REST_MS = 500;

export class Member {
  readonly name: MemberName;
  readonly proxies: MemberProxies;
  readonly service: Service;
  /** Whether somebody has taken it down. */
  isDown = false;
  /** Ends that nobody asked for, with the last that was said before. */
  readonly ends: string[] = [];
  readonly #options: MemberOptions;
  #life = 0;
  #last = "";
  #keeper: NodeJS.Timeout | undefined;
  #endedAt: number | null = null;

  constructor(options: MemberOptions) {
    const { name, service, port, env, http, proxies } = options;
    this.#options = options;
    this.name = name;
    this.proxies = proxies;
    const onLine = (line: string): void => {
      this.#hear(line);
    };
    this.service = new Service({ name: service, port, env, http, onLine });
  }

  /** Another one after each start. */
  get life(): string {
    return `${this.name}#${this.#life}`;
  }

  launch(): void {
    this.#life += 1;
    this.#endedAt = null;
    this.isDown = false;
    this.service.launch();
    this.#keeper ??= setInterval(() => {
      this.#keepUp();
    }, LOOK_MS);
  }

  async kill(): Promise<void> {
    this.isDown = true;
    await this.service.kill();
  }

  async stop(): Promise<number | null> {
    this.isDown = true;
    return await this.service.stop();
  }

  /** Says what was wrong with its end, or null. */
  async close(): Promise<string | null> {
    clearInterval(this.#keeper);
    this.isDown = true;
    const fault = await this.service.close();
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy.close()));
    return fault;
  }

  #keepUp(): void {
    if (this.isDown || this.service.isRunning) return;
    this.#endedAt ??= performance.now();
    if (performance.now() - this.#endedAt < REST_MS) return;
    this.ends.push(`${this.life}: ${this.#last}`);
    this.launch();
  }

  #hear(line: string): void {
    const { logPath, service, onComplaint } = this.#options;
    appendFileSync(logPath, `${line}\n`);
    const { level, words } = parseLine(line);
    const grade = LEVELS.find((known) => known === level);
    if (grade === undefined) return;
    this.#last = words;
    onComplaint({ service, level: grade, words });
  }
}

/** What is no line of our log came out of Node itself, and tells of the worst. */
function parseLine(line: string): { readonly level: string; readonly words: string } {
  try {
    const { level, msg } = parseLogLine(line);
    return { level, words: msg };
  } catch {
    return { level: "fatal", words: line };
  }
}
