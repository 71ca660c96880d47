/** Very many connections, each of which waits for one booking. */
import { connect } from "node:net";

import type { Heard } from "../history/history.ts";

type Wait = {
  readonly urls: readonly string[];
  readonly bookings: readonly Queued[];
  readonly waitS: number;
};
type Queued = Extract<Heard, { readonly kind: "queued" }>;

const STATUS = /^HTTP\/1\.1 (\d{3}) /;
/** Those that are connected at once: a server takes them one after the other. */
const CONNECT_LANES = 200;

export class LongPolls {
  /** By status, 0 for a connection that ended without an answer. */
  readonly statuses = new Map<number, number>();
  #open = 0;
  #most = 0;

  /** How many are waiting now. */
  get open(): number {
    return this.#open;
  }

  /** How many were waiting at the same time. */
  get most(): number {
    return this.#most;
  }

  /** Resolves when all are connected and have asked. */
  async start({ urls, bookings, waitS }: Wait): Promise<void> {
    let next = 0;
    await Promise.all(
      Array.from({ length: CONNECT_LANES }, async () => {
        for (let index = next++; index < bookings.length; index = next++) {
          const booking = bookings[index];
          const url = urls[index % urls.length];
          if (booking !== undefined && url !== undefined) await this.#wait(url, booking, waitS);
        }
      }),
    );
  }

  #wait(url: string, { id, place }: Queued, waitS: number): Promise<void> {
    const { hostname, port, host } = new URL(url);
    const query = place === null ? "" : `?place=${place.partition}-${place.offset}`;
    const socket = connect({ host: hostname, port: Number(port) });
    return new Promise((resolve) => {
      socket.once("connect", () => {
        const ask = `GET /v1/bookings/${id}${query} HTTP/1.1`;
        socket.write(`${ask}\r\nhost: ${host}\r\nprefer: wait=${waitS}\r\n\r\n`);
        isConnected = true;
        this.#open += 1;
        this.#most = Math.max(this.#most, this.#open);
        resolve();
      });
      let status = 0;
      let isConnected = false;
      socket.once("data", (chunk: Buffer) => {
        status = Number(STATUS.exec(chunk.toString("latin1"))?.[1] ?? 0);
        socket.destroy();
      });
      // A broken connection is counted below.
      socket.on("error", () => {});
      socket.once("close", () => {
        if (isConnected) this.#open -= 1;
        this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
        resolve();
      });
    });
  }
}
