/** The configuration of the migrate step. */
import { PARTITIONS_MAX } from "@seatline/shared/contract/booking-id.ts";
import { parseWhole } from "@seatline/shared/runtime/config.ts";
import type { ConfigTable } from "@seatline/shared/runtime/config.ts";
import { LINE_SETTINGS } from "@seatline/shared/runtime/settings.ts";

export const CONFIG = {
  ...LINE_SETTINGS,
  PARTITIONS: {
    about: "How many partitions the line has. Fixed for ever by the first migration.",
    fallback: "12",
    parse: parseWhole(1, PARTITIONS_MAX),
  },
  REPLICATION_FACTOR: {
    about: "On how many brokers each topic is kept; 3 for a cluster that may lose one.",
    fallback: "1",
    parse: parseWhole(1, 9),
  },
} satisfies ConfigTable;
