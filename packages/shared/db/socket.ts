/**
 * The sockets of our connections to Postgres. postgres.js takes one that is closed before its first
 * word for a reason to connect again, at once and for ever, while the statement waits unseen: as a
 * proxy does whose server is away. Nor does it notice a server that stays connected and silent. Here
 * both are errors, and the statement fails.
 */
import { Socket } from "node:net";

/** What postgres.js hands to its undocumented option `socket`: all hosts of the URL, or a path. */
type SocketAddress = {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false;
};

/**
 * Opens sockets, one host after the other where there are several. What is asked on one and not
 * answered within `silenceMs` closes it; longer than the longest statement, so Postgres would have
 * ended that itself.
 */
export function buildSocketFactory(silenceMs: number): (address: SocketAddress) => Socket {
  let opened = 0;
  return ({ host: hosts, port: ports, path }) => {
    const socket = new Socket();
    socket.once("end", () => {
      if (socket.bytesRead > 0) return;
      const message = "the server closed the connection before it said anything";
      socket.destroy(Object.assign(new Error(message), { code: "ECONNRESET" }));
    });
    closeWhenSilent(socket, silenceMs);
    if (typeof path === "string") return socket.connect(path);
    const index = opened++ % hosts.length;
    const [host = "localhost", port = 5432] = [hosts[index], ports[index]];
    // postgres.js reads the name that a certificate must bear from the socket.
    return Object.assign(socket.connect(port, host), { host, port });
  };
}

/** What our patch of postgres.js adds: whether a statement waits for the rest of its answer. */
type DriverSocket = Socket & { readonly isBusy?: () => boolean };

/** An idle connection is silent, too. Half an answer is none, so what was read and written does not tell. */
function closeWhenSilent(socket: DriverSocket, silenceMs: number): void {
  socket.setTimeout(silenceMs, () => {
    if (socket.isBusy?.() === false) return;
    const message = `the server said nothing for ${silenceMs} ms`;
    socket.destroy(Object.assign(new Error(message), { code: "ETIMEDOUT" }));
  });
}
