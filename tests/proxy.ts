/**
 * What stands between the services and Postgres or the broker, for tests that take those away: cut,
 * so that connections break, or frozen, so that they stay open and nothing comes through.
 */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { Transform } from "node:stream";

const LENGTH_BYTES = 4;

type State = "open" | "cut" | "frozen";

export class Proxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: { readonly host: string; readonly port: number };
  readonly #rewriteAddress: boolean;
  #state: State = "open";

  private constructor(target: string, rewriteAddress: boolean) {
    const at = target.lastIndexOf(":");
    this.#target = { host: target.slice(0, at), port: Number(target.slice(at + 1)) };
    this.#rewriteAddress = rewriteAddress;
    this.#server = createServer((client) => {
      if (this.#state === "cut") client.destroy();
      else this.#join(client);
    });
  }

  /**
   * Listens before `host:port`. Kafka's clients leave for the address that the broker advertises, so
   * with `rewriteAddress` the proxy puts its own in the place of it.
   */
  static async open(target: string, { rewriteAddress = false } = {}): Promise<Proxy> {
    const proxy = new Proxy(target, rewriteAddress);
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, proxy.#target.host, resolve);
    });
    return proxy;
  }

  get address(): string {
    return `${this.#target.host}:${this.#port}`;
  }

  cut(): void {
    this.#state = "cut";
    for (const socket of this.#sockets) socket.destroy();
  }

  freeze(): void {
    this.#state = "frozen";
    for (const socket of this.#sockets) socket.pause();
  }

  /** All is well again; what was held back while frozen comes through now. */
  mend(): void {
    this.#state = "open";
    for (const socket of this.#sockets) socket.resume();
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
        other.destroy();
      });
      // Broken connections are what it is for.
      socket.on("error", () => {});
    }
    client.on("data", (chunk) => server.write(chunk));
    if (this.#rewriteAddress) {
      server.pipe(buildRewriter(this.#target, this.#port)).on("data", (chunk) => {
        client.write(chunk as Buffer);
      });
    } else server.on("data", (chunk) => client.write(chunk));
    if (this.#state === "frozen") {
      client.pause();
      server.pause();
    }
  }
}

/**
 * Changes the port wherever the protocol names host and port (a string with its length, an int32), in
 * whole answers only: each begins with its length, and an address may be cut in two by a chunk's end.
 */
function buildRewriter({ host, port }: { host: string; port: number }, ownPort: number): Transform {
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
