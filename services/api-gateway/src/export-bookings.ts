/**
 * Bookings as a CSV file (RFC 4180), written page by page as fast as somebody reads it: whatever its
 * size, no more than a page or two is in memory. Decides nothing about HTTP but what `Accept` asks for.
 */
import { Readable } from "node:stream";

import { stringify } from "csv-stringify/sync";

import type { Booking } from "@seatline/shared/core/model.ts";
import type { BookingsAsk, BookingsPage } from "@seatline/shared/db/list-bookings.ts";
import type { ShowRow } from "@seatline/shared/db/load-shows.ts";

import { guideOf } from "./layouts.ts";
import { viewBooking } from "./views.ts";

/** Files that are written at once: each keeps one connection to Postgres busy, of those that buyers need. */
export const EXPORTS_MAX = 3;

const COLUMNS = [
  "id",
  "showId",
  "show",
  "status",
  "reason",
  "customer",
  "seats",
  "standing",
  "want",
  "price",
  "currency",
  "payment",
  "rescued",
  "place",
  "createdAt",
  "decidedAt",
  "confirmedAt",
  "expiresAt",
] as const satisfies readonly (keyof ReturnType<typeof buildRow>)[];

const FORMAT = {
  columns: [...COLUMNS],
  record_delimiter: "windows",
  // With a delimiter given, the library leaves a bare CR or LF inside a text unquoted unless told.
  quote_record_delimiter: true,
  // A customer called `=HYPERLINK(…)` must not run in a spreadsheet: what begins with = + - @, a tab, a CR
  // or the wide forms of the first four gets a ' in front (OWASP, "CSV injection").
  escape_formulas: true,
} as const;

/** How the parts of a file are read. */
type ExportsDeps = {
  readonly loadPage: (ask: BookingsAsk) => Promise<BookingsPage>;
  readonly findShows: (ids: Iterable<string>) => Promise<ReadonlyMap<string, ShowRow>>;
};

export class Exports {
  readonly #deps: ExportsDeps;
  #open = 0;

  constructor(deps: ExportsDeps) {
    this.#deps = deps;
  }

  /**
   * Everything that matches, from `after` on, `limit` at a time. The first page is read here, and its
   * faults thrown: they can still be answered. A later fault is the stream's. Null if too many are open;
   * one is open until its stream is closed, so whoever gets it must read or destroy it.
   */
  async open(ask: BookingsAsk): Promise<Readable | null> {
    if (this.#open >= EXPORTS_MAX) return null;
    this.#open += 1;
    try {
      const first = await this.#deps.loadPage(ask);
      const head = await this.#encode(first, { header: true });
      // Asks for one page while another waits to be read, and for no more.
      const file = Readable.from(this.#write({ ...ask, after: first.next }, head));
      return file.once("close", () => {
        this.#open -= 1;
      });
    } catch (error) {
      this.#open -= 1;
      throw error;
    }
  }

  async *#write(ask: BookingsAsk, head: string): AsyncGenerator<string> {
    yield head;
    for (let { after } = ask; after !== null;) {
      const page = await this.#deps.loadPage({ ...ask, after });
      // An empty page is handed on as well: here it ends if the reader has gone, and writing nothing still
      // tells the socket that it is not idle, so a long search is not cut off.
      yield await this.#encode(page, { header: false });
      after = page.next;
    }
  }

  async #encode({ bookings }: BookingsPage, { header }: { header: boolean }): Promise<string> {
    const shows = await this.#deps.findShows(bookings.map(({ showId }) => showId));
    const rows = bookings.map((booking) => buildRow(booking, shows.get(booking.showId)));
    return rows.length === 0 && !header ? "" : stringify(rows, { ...FORMAT, header });
  }
}

/** A booking as a line; without the rank of who waits, which a file could not keep. */
function buildRow(booking: Booking, show: ShowRow | undefined) {
  const view = viewBooking(booking, show === undefined ? null : guideOf(show.layout));
  const standing = view.standing?.map(({ section, count }) => `${section} x ${count}`) ?? [];
  return {
    ...view,
    show: show?.name,
    seats: view.labels.join("; "),
    standing: standing.join("; "),
    currency: view.price === null ? null : show?.layout.currency,
    rescued: String(view.rescued),
  };
}

type Range = { readonly type: string; readonly q: number };

/**
 * Whether an `Accept` header asks for CSV rather than for JSON, which is the default (RFC 9110, 12.5.1):
 * by the greater q, and where both are equal by the range that names it more exactly.
 */
export function prefersCsv(accept = "*/*"): boolean {
  const ranges = accept.toLowerCase().split(",").map(parseRange);
  const csv = rate(ranges, ["*/*", "text/*", "text/csv"]);
  const json = rate(ranges, ["*/*", "application/*", "application/json"]);
  if (csv.q !== json.q) return csv.q > json.q;
  return csv.q > 0 && csv.exactness > json.exactness;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  return { type, q: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
}

/** The most exact range that a type is in counts; `names` go from vague to exact. */
function rate(ranges: readonly Range[], names: readonly string[]) {
  for (let exactness = names.length - 1; exactness >= 0; exactness--) {
    const found = ranges.filter(({ type }) => type === names[exactness]);
    if (found.length > 0) return { exactness, q: Math.max(...found.map(({ q }) => q)) };
  }
  return { exactness: -1, q: 0 };
}
