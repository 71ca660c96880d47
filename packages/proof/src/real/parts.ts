/** What a real system consists of, by name. */
export const MEMBERS = [
  "api-gateway-1",
  "api-gateway-2",
  "booking-worker-1",
  "booking-worker-2",
  "expiry-worker-1",
] as const;
export type MemberName = (typeof MEMBERS)[number];
export const SERVERS = ["kafka", "postgres"] as const;
export type ServerName = (typeof SERVERS)[number];
