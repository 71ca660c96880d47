/** Clients that take what a server has and give little: some send a byte at a time, some never read an answer. */
import { connect } from "node:net";
import type { Socket } from "node:net";

const DRIBBLERS = 200;
const DRIBBLE_MS = 100;
const NEVER_READERS = 20;
/** Sent at once by each of those who read nothing. */
const UNREAD = 500;

/** They come again when they are thrown out; `stop` resolves when they are gone. */
export class BadClients {
  readonly #url: string;
  readonly #sockets = new Set<Socket>();
  readonly #timers: NodeJS.Timeout[] = [];
  #isOver = false;
  /** How often one of those that send slowly was thrown out. */
  thrownOut = 0;

  constructor(url: string) {
    this.#url = url;
  }

  start(): void {
    for (let count = 0; count < DRIBBLERS; count++) this.#dribble();
    for (let count = 0; count < NEVER_READERS; count++) this.#readNothing();
  }

  stop(): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #dribble(): void {
    const text = `POST /v1/bookings HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n`;
    let sent = 0;
    const socket = this.#open(() => {
      this.thrownOut += 1;
      clearInterval(timer);
      this.#dribble();
    });
    // What it is told it takes, or it would not notice the end.
    socket.resume();
    const timer = setInterval(() => {
      socket.write(text[sent] ?? " ");
      sent += 1;
    }, DRIBBLE_MS);
    this.#timers.push(timer);
  }

  #readNothing(): void {
    const text = "GET /openapi.json HTTP/1.1\r\nhost: here\r\n\r\n";
    const socket = this.#open(() => {
      this.#readNothing();
    });
    socket.pause();
    socket.write(text.repeat(UNREAD));
  }

  #open(onEnd: () => void): Socket {
    const { hostname, port } = new URL(this.#url);
    const socket = connect({ host: hostname, port: Number(port) });
    this.#sockets.add(socket);
    // To be broken off is what they deserve.
    socket.on("error", () => {});
    socket.once("close", () => {
      this.#sockets.delete(socket);
      if (this.#isOver) return;
      setTimeout(onEnd, DRIBBLE_MS);
    });
    return socket;
  }
}
