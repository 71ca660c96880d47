/** Whether this gateway's secrets are those of the deployment: what they made stands in the database. Pure. */
import { parseBookingId } from "@seatline/shared/contract/booking-id.ts";
import type { IdSecrets } from "@seatline/shared/contract/booking-id.ts";

const KEYED = /^.{14}8/;

/**
 * What is wrong with the secrets, as a sentence, seen from the ids of some bookings; null if nothing is.
 * With other secrets nobody could look at a booking or confirm it, and a repeated request would buy twice.
 */
export function findSecretFault(secrets: IdSecrets, ids: readonly string[]): string | null {
  const isOf = (known: IdSecrets) => (id: string) => parseBookingId(known, id) !== null;
  if (ids.length > 0 && !ids.some(isOf(secrets))) {
    return "ID_SECRETS holds none of the secrets behind the newest bookings of this database, so nobody could look at them or confirm them: add the secret that was used until now, behind a comma, as the last one";
  }
  const keyed = ids.filter((id) => KEYED.test(id) && isOf(secrets)(id));
  if (keyed.length > 0 && !keyed.some(isOf([secrets.at(-1) ?? secrets[0]]))) {
    return "the last of ID_SECRETS is not the one behind the idempotency keys until now, so a request that is sent again would book twice: put a new secret in front, and keep the last one last";
  }
  return null;
}
