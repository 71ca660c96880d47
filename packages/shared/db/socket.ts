/**
 * The sockets of our connections to Postgres. postgres.js takes one that is closed before its first
 * word for a reason to connect again, at once and for ever, while the statement waits unseen: as a
 * proxy does whose server is away. Here such a close is an error, and the statement fails.
 */
import { Socket } from "node:net";

/** What postgres.js hands to its undocumented option `socket`: all hosts of the URL, or a path. */
export type SocketAddress = {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
};

/** Opens sockets, one host after the other where there are several. */
export function buildSocketFactory(): (address: SocketAddress) => Socket {
  let opened = 0;
  return ({ host: hosts, port: ports, path }) => {
    const socket = new Socket();
    socket.once("end", () => {
      if (socket.bytesRead > 0) return;
      const message = "the server closed the connection before it said anything";
      socket.destroy(Object.assign(new Error(message), { code: "ECONNRESET" }));
    });
    if (typeof path === "string") return socket.connect(path);
    const index = opened++ % hosts.length;
    const [host = "localhost", port = 5432] = [hosts[index], ports[index]];
    // postgres.js reads the name that a certificate must bear from the socket.
    return Object.assign(socket.connect(port, host), { host, port });
  };
}
