/** What an answer of the API, canonical or classic, tells of shows and bookings. Pure. */
export type ShowSeen = { readonly id: string; readonly number: number; readonly capacity: number };

type Known = {
  readonly show: ShowSeen | null;
  readonly booking: { readonly id: string; readonly place: string | null } | null;
  /** The names of a show's sections. */
  readonly sections: readonly string[] | null;
};

export function parseKnown(json: unknown): Known {
  const members = isObject(json) ? json : {};
  const { id, number, place, sections } = members;
  const capacity = members["capacity"] ?? members["total_seats"];
  const isShow = typeof id === "string" && typeof number === "number";
  const isBooking = typeof id === "string" && typeof number !== "number" && "status" in members;
  return {
    show: isShow ? { id, number, capacity: typeof capacity === "number" ? capacity : 1 } : null,
    booking: isBooking ? { id, place: typeof place === "string" ? place : null } : null,
    sections: Array.isArray(sections) ? sections.flatMap(nameOf) : null,
  };
}

function nameOf(section: unknown): string[] {
  return isObject(section) && typeof section["name"] === "string" ? [section["name"]] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
