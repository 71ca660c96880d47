/** The configuration of the expiry-worker. */
import { parseWhole } from "@seatline/shared/runtime/config.ts";
import type { ConfigTable } from "@seatline/shared/runtime/config.ts";
import { HEALTH_SETTINGS, LINE_SETTINGS } from "@seatline/shared/runtime/settings.ts";

export const CONFIG = {
  ...LINE_SETTINGS,
  ...HEALTH_SETTINGS,
  SWEEP_SECONDS: {
    about: "How often lapsed holds are looked for.",
    fallback: "30",
    parse: parseWhole(1, 3_600),
  },
  RECORDS_RETENTION_DAYS: {
    about: "How long records are kept: they prove a sale and replay it. Bookings stay for ever.",
    fallback: "90",
    parse: parseWhole(1, 36_500),
  },
} satisfies ConfigTable;
