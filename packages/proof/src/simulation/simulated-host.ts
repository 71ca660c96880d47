/** The machine of a simulated process: the time of the world, as this host sees it, and chance from the seed. */
import type { Host } from "@seatline/shared/runtime/host.ts";

import type { Life } from "./life.ts";
import { DAWN_MS } from "./world.ts";
import type { World } from "./world.ts";

/** `skewMs` tells how far this host's idea of the date is off. */
export function buildSimulatedHost(world: World, life: Life, skewMs: () => number): Host {
  const randomBytes = (count: number) =>
    Buffer.from(Array.from({ length: count }, () => world.random.int(0, 255)));
  return {
    monotonicMs: () => world.nowMs,
    dateMs: () => DAWN_MS + Math.floor(world.nowMs) + skewMs(),
    schedule: (delayMs, call) => world.schedule(delayMs, life, call),
    pause: (delayMs) =>
      new Promise((resolve) => {
        world.schedule(delayMs, life, resolve);
      }),
    uuid: () => formatUuid(randomBytes(16)),
    randomBytes,
  };
}

/** As version 4 of RFC 9562. */
function formatUuid(bytes: Buffer): string {
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
