/** The configuration of the booking-worker. */
import { parseWhole } from "@seatline/shared/runtime/config.ts";
import type { ConfigTable } from "@seatline/shared/runtime/config.ts";
import { HEALTH_SETTINGS, LINE_SETTINGS } from "@seatline/shared/runtime/settings.ts";

export const CONFIG = {
  ...LINE_SETTINGS,
  ...HEALTH_SETTINGS,
  SESSION_TIMEOUT_MS: {
    about:
      "After so long without a sign of life a worker's partitions go to another. Brokers take 6000 or more unless their group.min.session.timeout.ms is lowered.",
    fallback: "6000",
    parse: parseWhole(1_000, 60_000),
  },
} satisfies ConfigTable;
