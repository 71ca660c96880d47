/** A connection that a test can break: everything that goes to a server goes through here. */
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #open = true;
  #needle: string | null = null;
  #answers = true;

  private constructor(target: { readonly host: string; readonly port: number }) {
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
    await new Promise<void>((resolve) => {
      proxy.#server.listen(0, "127.0.0.1", resolve);
    });
    return proxy;
  }

  /** The same URL, through this proxy. */
  through(url: string): string {
    const address = new URL(url);
    address.hostname = "127.0.0.1";
    address.port = String((this.#server.address() as AddressInfo).port);
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
      if (this.#answers) client.write(chunk);
    });
  }
}
