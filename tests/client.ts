/** What tests of the whole do again and again over HTTP, with the answers as the API describes them. */
import type { RecordEntry } from "@seatline/shared/contract/record.ts";

import type { Problem } from "../services/api-gateway/src/problems.ts";
import type { BookingView, viewQueued, viewShow } from "../services/api-gateway/src/views.ts";

import { call } from "@seatline/shared/testing/http.ts";
import type { Ask, Http, HttpAnswer } from "@seatline/shared/testing/http.ts";

export type { BookingView, Problem };
export type ShowView = ReturnType<typeof viewShow>;
export type QueuedView = ReturnType<typeof viewQueued>;
export type Page<T> = { readonly items: T[]; readonly next: string | null };
type SeatsView = {
  readonly version: number;
  readonly capacity: number;
  readonly held: string;
  readonly confirmed: string;
  readonly sections?: readonly {
    readonly name: string;
    readonly free: number;
    readonly held: number;
    readonly confirmed: number;
  }[];
};

type Headers = Readonly<Record<string, string>>;

export const UNKNOWN_SHOW_ID = "01990000-0000-7000-8000-000000000000";
/** Well formed, and never issued by anybody. */
export const UNKNOWN_BOOKING_ID = "01990000-0000-7000-8000-000000000001";

export class Client {
  readonly url: string;
  readonly #http: Http;

  constructor(http: Http, url: string) {
    this.#http = http;
    this.url = url;
  }

  call(path: string, ask: Ask = {}): Promise<HttpAnswer> {
    return call(this.#http, `${this.url}${path}`, ask);
  }

  /** A show that is open now: 10 seats in one line unless told. */
  async createShow(facts: Readonly<Record<string, unknown>> = {}): Promise<ShowView> {
    const body = {
      name: "The Lion King",
      startsAt: "2027-12-25T19:00:00Z",
      capacity: 10,
      ...facts,
    };
    return expectStatus(201, await this.call("/v1/shows", { body })) as ShowView;
  }

  async show(id: string | number): Promise<ShowView> {
    return expectStatus(200, await this.call(`/v1/shows/${id}`)) as ShowView;
  }

  async seats(id: string | number): Promise<SeatsView> {
    return expectStatus(200, await this.call(`/v1/shows/${id}/seats`)) as SeatsView;
  }

  ask(body: unknown, headers: Headers = {}): Promise<HttpAnswer> {
    return this.call("/v1/bookings", { body, headers });
  }

  /** Asks and waits for the decision, whatever it is. */
  askAndWait(body: unknown, headers: Headers = {}): Promise<HttpAnswer> {
    return this.ask(body, { prefer: "wait=20", ...headers });
  }

  /** A booking that got its seats. */
  async book(body: unknown, headers: Headers = {}): Promise<BookingView> {
    return expectStatus(201, await this.askAndWait(body, headers)) as BookingView;
  }

  /** A request that stands in the line. */
  async queue(body: unknown, headers: Headers = {}): Promise<QueuedView> {
    return expectStatus(202, await this.ask(body, headers)) as QueuedView;
  }

  look(id: string, place: string | null = null, headers: Headers = {}): Promise<HttpAnswer> {
    const query = place === null ? "" : `?place=${place}`;
    return this.call(`/v1/bookings/${id}${query}`, { headers });
  }

  async booking(id: string): Promise<BookingView> {
    return expectStatus(200, await this.look(id)) as BookingView;
  }

  /** What became of a request that was accepted: a booking, failed ones too. */
  async decided({ id, place }: { id: string; place: string | null }): Promise<BookingView> {
    const answer = await this.look(id, place, { prefer: "wait=30" });
    const booking = expectStatus(200, answer) as BookingView | QueuedView;
    if (booking.status === "QUEUED") throw new Error(`undecided after 30 s: ${answer.text}`);
    return booking;
  }

  confirm(id: string, ask: Ask = {}): Promise<HttpAnswer> {
    return this.call(`/v1/bookings/${id}/confirm`, { method: "POST", ...ask });
  }

  cancel(id: string, ask: Ask = {}): Promise<HttpAnswer> {
    return this.call(`/v1/bookings/${id}/cancel`, { method: "POST", ...ask });
  }

  extend(id: string, ask: Ask = {}): Promise<HttpAnswer> {
    return this.call(`/v1/bookings/${id}/extend`, { method: "POST", ...ask });
  }

  /** A change of a show that is decided. */
  async change(id: string | number, body: unknown): Promise<ShowView> {
    const answer = await this.call(`/v1/shows/${id}`, { method: "PATCH", body });
    return expectStatus(200, answer) as ShowView;
  }

  /** The decision log of a show, as whoever checks its sale gets it. */
  async decisions(id: string): Promise<RecordEntry[]> {
    const answer = await this.call(`/v1/shows/${id}/decisions`);
    expectStatus(200, answer);
    const lines = answer.text.trimEnd().split("\n");
    return lines.map((line) => (JSON.parse(line) as { entry: RecordEntry }).entry);
  }

  async expiryRun(): Promise<{ requested: number; expired: number }> {
    const answer = await this.call("/v1/admin/expiry-runs", { method: "POST" });
    return expectStatus(200, answer) as { requested: number; expired: number };
  }
}

/** The body of an answer that must have this status. */
export function expectStatus(status: number, answer: HttpAnswer): unknown {
  if (answer.status === status) return answer.json;
  throw new Error(`expected ${status}, not ${answer.status}: ${answer.text}`);
}

/** The problem document of an answer that says no. */
export function problemOf(answer: HttpAnswer): Problem {
  const type = String(answer.headers["content-type"]);
  if (answer.status >= 400 && type.startsWith("application/problem+json")) {
    return answer.json as Problem;
  }
  throw new Error(`expected a problem, not ${answer.status} ${type}: ${answer.text}`);
}
