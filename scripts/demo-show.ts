/**
 * Creates the demo show over HTTP, as anybody would: 30 seats, number 1 on an empty database. Does
 * nothing if there is a show already.
 */
const url = process.env["SEATLINE_URL"] ?? "http://127.0.0.1:3000";
const token = process.env["ADMIN_TOKEN"];
const headers = {
  "content-type": "application/json",
  ...(token === undefined || token === "" ? {} : { authorization: `Bearer ${token}` }),
};

const listed = await ask("/v1/shows?limit=1", {});
if (readItems(listed).length > 0) {
  process.stdout.write("demo-show: there is a show already\n");
} else {
  await ask("/v1/shows", {
    method: "POST",
    headers: { ...headers, prefer: "wait=30" },
    body: JSON.stringify({ name: "Demo night", startsAt: "2030-01-01T19:00:00Z", capacity: 30 }),
  });
  process.stdout.write("demo-show: created show number 1 with 30 seats\n");
}

async function ask(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(`${url}${path}`, init);
  if (!response.ok) {
    throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  }
  return response.json();
}

function readItems(answer: unknown): readonly unknown[] {
  return typeof answer === "object" && answer !== null && "items" in answer
    ? (answer.items as unknown[])
    : [];
}
