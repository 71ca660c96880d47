/** The configuration of the booking-worker. */
import type { ConfigTable } from "@seatline/shared/runtime/config.ts";
import { HEALTH_SETTINGS, LINE_SETTINGS } from "@seatline/shared/runtime/settings.ts";

export const CONFIG = { ...LINE_SETTINGS, ...HEALTH_SETTINGS } satisfies ConfigTable;
