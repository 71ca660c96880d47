/** The older backends' clients, as far as tests need them. */
import { expectStatus, problemOf } from "./client.ts";
import type { Client } from "./client.ts";
import type { HttpAnswer } from "@seatline/shared/testing/http.ts";

export type ClassicShow = {
  readonly id: string;
  readonly number: number;
  readonly start_time: string;
  readonly seats: number;
  readonly available_seats: number;
  readonly confirmed_seats_count: number;
};
export type ClassicBooking = {
  readonly id: string;
  readonly status: string;
  readonly seats_assigned: number[];
  readonly expiresAt: string | null;
};
type ClassicSeats = {
  readonly total: number;
  readonly booked: number[];
  readonly available: number[];
};

export class ClassicClient {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  post(
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer> {
    return this.#client.call(path, {
      method: "POST",
      headers,
      ...(body === undefined ? {} : { body }),
    });
  }

  async createA(total_seats = 10): Promise<ClassicShow> {
    const body = { name: "The Lion King", start_time: "2025-12-25T19:00:00Z", total_seats };
    return expectStatus(201, await this.post("/admin/shows", body)) as ClassicShow;
  }

  async createB(seats = 30): Promise<ClassicShow> {
    const body = { name: "Inception", startTime: "2025-12-10 10:00:00", seats };
    return expectStatus(200, await this.post("/shows", body)) as ClassicShow;
  }

  async bookA(show: string | number, body: unknown): Promise<ClassicBooking> {
    return expectStatus(201, await this.post(`/shows/${show}/book`, body)) as ClassicBooking;
  }

  async bookB(showId: string | number, numberOfSeats = 1): Promise<ClassicBooking> {
    const body = { showId, userName: "ann", numberOfSeats };
    return expectStatus(201, await this.post("/bookings", body)) as ClassicBooking;
  }

  async readSeats(show: string | number): Promise<ClassicSeats> {
    return expectStatus(200, await this.#client.call(`/shows/${show}/seats`)) as ClassicSeats;
  }
}

/** Every error keeps the member that the older clients read, inside the problem document. */
export function errorOf(answer: HttpAnswer): { status: number; reason: string; error: string } {
  const problem = problemOf(answer);
  if (problem.error === undefined || problem.error === "") {
    throw new Error(`there is no error in ${answer.text}`);
  }
  return { status: answer.status, reason: problem.reason, error: problem.error };
}
