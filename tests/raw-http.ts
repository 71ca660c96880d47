/** Bytes on the bare socket, for what no HTTP client would send. */
import { connect } from "node:net";

const ANSWER_MAX_MS = 20_000;

/** Everything that comes back until the other side closes. */
export function sendRaw(url: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = "";
    const socket = connect({ host: hostname, port: Number(port) });
    socket.setTimeout(ANSWER_MAX_MS, () => {
      socket.destroy(new Error(`the connection stayed open for ${ANSWER_MAX_MS} ms: ${answer}`));
    });
    socket.on("data", (chunk) => {
      answer += chunk.toString("utf8");
    });
    socket.once("error", reject);
    socket.once("close", () => {
      resolve(answer);
    });
    socket.write(bytes);
  });
}
