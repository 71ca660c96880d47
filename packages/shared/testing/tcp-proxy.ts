/** A connection that a test can break: everything that goes to a server goes through here. */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

type Target = { readonly host: string; readonly port: number };

export class TcpProxy {
  readonly #target: Target;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #open = true;
  #needle: string | null = null;
  #answers = true;
  /** What a Kafka broker says of its own address, and what stands in its place. */
  #address: { readonly said: Buffer; readonly ours: Buffer } | null = null;

  private constructor(target: Target) {
    this.#target = target;
    this.#server = createServer((client) => {
      if (!this.#open) {
        client.destroy();
        return;
      }
      this.#join(client, connect(target));
    });
  }

  /** Listens before the server that a URL names. */
  static async open(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) });
    await proxy.#listen();
    return proxy;
  }

  /**
   * Listens before the one broker of a cluster. Clients go on to the address that a broker advertises,
   * so the port in its answers is changed on the way: host (as text) and port (four bytes) stand side
   * by side in them.
   */
  static async openBroker(advertised: Target): Promise<TcpProxy> {
    const proxy = new TcpProxy(advertised);
    await proxy.#listen();
    const address = (port: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(port);
      return Buffer.concat([Buffer.from(advertised.host), bytes]);
    };
    proxy.#address = { said: address(advertised.port), ours: address(proxy.#port) };
    return proxy;
  }

  /** In place of the broker's own. */
  get broker(): string {
    return `${this.#target.host}:${this.#port}`;
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The same URL, through this proxy. */
  through(url: string): string {
    const address = new URL(url);
    address.hostname = "127.0.0.1";
    address.port = String(this.#port);
    return address.href;
  }

  /** Breaks every connection and takes no other. */
  cut(): void {
    this.#open = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Takes connections again, and lets answers pass. */
  mend(): void {
    this.#open = true;
    this.#answers = true;
    this.#needle = null;
  }

  /** From the first question that contains `needle` on, no answer comes back. */
  swallowAnswersTo(needle: string): void {
    this.#needle = needle;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #join(client: Socket, server: Socket): void {
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      // Broken connections are what it is for.
      socket.on("error", () => {});
    }
    client.on("data", (chunk: Buffer) => {
      if (this.#needle !== null && chunk.includes(this.#needle)) this.#answers = false;
      server.write(chunk);
    });
    server.on("data", (chunk: Buffer) => {
      if (this.#address !== null) replaceAll(chunk, this.#address.said, this.#address.ours);
      if (this.#answers) client.write(chunk);
    });
  }

  async #listen(): Promise<void> {
    // Without a host, for a broker may advertise itself under either of the two names of this machine.
    await new Promise<void>((resolve) => {
      this.#server.listen(0, resolve);
    });
  }
}

/** In place: both are of the same length. */
function replaceAll(chunk: Buffer, said: Buffer, ours: Buffer): void {
  for (let index = chunk.indexOf(said); index !== -1; index = chunk.indexOf(said, index)) {
    ours.copy(chunk, index);
  }
}
