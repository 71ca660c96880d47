/**
 * What the environment says about where Postgres and Kafka come from. Pure.
 */
type InfraMode =
  | { readonly kind: "auto" | "docker" | "embedded" }
  | {
      readonly kind: "external";
      readonly databaseUrl: string;
      readonly kafkaBrokers: readonly string[];
    };

/** Throws one sentence about what does not fit together. */
export function parseInfraMode(env: Readonly<Record<string, string | undefined>>): InfraMode {
  const wish = env["INFRA"] || "auto";
  const databaseUrl = env["DATABASE_URL"] || undefined;
  const kafkaBrokers = env["KAFKA_BROKERS"] || undefined;
  if (wish === "docker" || wish === "embedded") return { kind: wish };
  if (wish !== "auto" && wish !== "external") {
    throw new Error(`INFRA is ${wish}, but may be auto, external, docker or embedded.`);
  }
  if (databaseUrl !== undefined && kafkaBrokers !== undefined) {
    const brokers = kafkaBrokers.split(",").map((broker) => broker.trim());
    return { kind: "external", databaseUrl, kafkaBrokers: brokers.filter((text) => text !== "") };
  }
  if (wish === "auto" && databaseUrl === undefined && kafkaBrokers === undefined) {
    return { kind: "auto" };
  }
  const missing = [
    ...(databaseUrl === undefined ? ["DATABASE_URL"] : []),
    ...(kafkaBrokers === undefined ? ["KAFKA_BROKERS"] : []),
  ].join(" and ");
  throw new Error(
    `${missing} ${missing.includes(" and ") ? "are" : "is"} missing: give both DATABASE_URL and KAFKA_BROKERS, or neither.`,
  );
}
