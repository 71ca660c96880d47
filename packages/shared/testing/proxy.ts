/**
 * A connection that a test can break: everything that goes to a server goes through here. Cut, so
 * that connections break, also in the midst of an answer; frozen, so that they stay open and nothing comes
 * through; slow; or with the answers lost.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { Transform } from "node:stream";

import { DelayLine } from "./delay-line.ts";

type Target = { readonly host: string; readonly port: number };

const LENGTH_BYTES = 4;

export class Proxy {
  readonly #target: Target;
  readonly #isBroker: boolean;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #state: "open" | "cut" | "frozen" = "open";
  #needle: string | null = null;
  #answers = true;
  #delayMs = 0;
  /** What happens in the midst of the next answer, if anything. */
  #next: "break" | "halt" | null = null;
  /** On which bytes were lost: nothing that came now could make sense. */
  readonly #spoilt = new Set<Socket>();

  private constructor(target: Target, { isBroker }: { isBroker: boolean }) {
    this.#target = target;
    this.#isBroker = isBroker;
    this.#server = createServer((client) => {
      if (this.#state === "cut") client.destroy();
      else this.#join(client);
    });
  }

  /** Listens before the server that a URL names. */
  static async open(url: string): Promise<Proxy> {
    const { hostname, port } = new URL(url);
    const proxy = new Proxy({ host: hostname, port: Number(port) }, { isBroker: false });
    await proxy.#listen();
    return proxy;
  }

  /**
   * Listens before the one broker of a cluster. Kafka's clients go on to the address that a broker
   * advertises, so the proxy puts its own in the place of it.
   */
  static async openBroker(advertised: Target): Promise<Proxy> {
    const proxy = new Proxy(advertised, { isBroker: true });
    await proxy.#listen();
    return proxy;
  }

  /** In place of the server's own: host and port. */
  get address(): string {
    return `${this.#target.host}:${this.#port}`;
  }

  /** The same URL, through this proxy. */
  through(url: string): string {
    const address = new URL(url);
    address.host = this.address;
    return address.href;
  }

  /** Breaks every connection and takes no other. */
  cut(): void {
    this.#state = "cut";
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Connections stay, and new ones are taken, but nothing comes through. */
  freeze(): void {
    this.#state = "frozen";
    for (const socket of this.#sockets) socket.pause();
  }

  /** All is well again; what was held back while frozen comes through now. */
  mend(): void {
    this.#state = "open";
    this.#answers = true;
    this.#needle = null;
    this.#delayMs = 0;
    this.#next = null;
    for (const socket of this.#spoilt) socket.destroy();
    for (const socket of this.#sockets) socket.resume();
  }

  /** From the first question that contains `needle` on, no answer comes back. */
  swallowAnswersTo(needle: string): void {
    this.#needle = needle;
  }

  /** From now on everything takes so much longer, in either direction. */
  slow(delayMs: number): void {
    this.#delayMs = delayMs;
  }

  /** Of the next answer only half comes, and then its connection breaks. */
  breakNextAnswer(): void {
    this.#next = "break";
  }

  /** Of the next answer only half comes, and then nothing more on any connection. */
  haltInNextAnswer(): void {
    this.#next = "halt";
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async #listen(): Promise<void> {
    // Without a host, for a broker may advertise itself under either of the two names of this machine.
    await new Promise<void>((resolve) => {
      this.#server.listen(0, resolve);
    });
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        this.#spoilt.delete(socket);
        other.destroy();
      });
      // Broken connections are what it is for.
      socket.on("error", () => {});
    }
    const asked = new DelayLine<Buffer>((chunk) => server.write(chunk));
    const answered = new DelayLine<Buffer>((chunk) => client.write(chunk));
    client.on("data", (chunk: Buffer) => {
      if (this.#needle !== null && chunk.includes(this.#needle)) this.#answers = false;
      asked.push(chunk, this.#delayMs);
    });
    const answers = this.#isBroker ? server.pipe(buildRewriter(this.#target, this.#port)) : server;
    answers.on("data", (chunk: Buffer) => {
      if (this.#next !== null) this.#breakIn(chunk, client);
      else if (this.#answers) answered.push(chunk, this.#delayMs);
      else this.#spoilt.add(client);
    });
    client.once("close", () => {
      asked.close();
      answered.close();
    });
    if (this.#state === "frozen") {
      client.pause();
      server.pause();
    }
  }

  #breakIn(chunk: Buffer, client: Socket): void {
    const halts = this.#next === "halt";
    this.#next = null;
    client.write(chunk.subarray(0, chunk.length >> 1), () => {
      if (!halts) client.destroy();
    });
    if (!halts) return;
    this.#answers = false;
    this.#spoilt.add(client);
  }
}

/**
 * Changes the port wherever the protocol names host and port (a string with its length, an int32), in
 * whole answers only: each begins with its length, and an address may be cut in two by a chunk's end.
 */
function buildRewriter({ host, port }: Target, ownPort: number): Transform {
  const from = encodeAddress(host, port);
  const to = encodeAddress(host, ownPort);
  let rest: Buffer = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _, done) {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= LENGTH_BYTES) {
        const end = LENGTH_BYTES + rest.readInt32BE(0);
        if (rest.length < end) break;
        const answer = rest.subarray(0, end);
        rest = rest.subarray(end);
        for (let at = answer.indexOf(from); at !== -1; at = answer.indexOf(from, at)) {
          to.copy(answer, at);
        }
        this.push(answer);
      }
      done();
    },
  });
}

function encodeAddress(host: string, port: number): Buffer {
  const bytes = Buffer.alloc(2 + host.length + 4);
  bytes.writeInt16BE(host.length, 0);
  bytes.write(host, 2, "latin1");
  bytes.writeInt32BE(port, 2 + host.length);
  return bytes;
}
