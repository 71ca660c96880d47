import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { KAFKA_IMAGE, POSTGRES_IMAGE } from "./docker-probe.ts";
import { BROKER_SETTINGS, formatServerProperties } from "./kafka-properties.ts";
import { INFRA_PACKAGE_ROOT, REPOSITORY_ROOT } from "./paths.ts";

const compose = readFileSync(join(REPOSITORY_ROOT, "docker-compose.yml"), "utf8");

test("an embedded broker listens on the loopback only, at the address it advertises", () => {
  const properties = formatServerProperties({ port: 1, controllerPort: 2, dataFolder: "/data" });
  expect(properties).toContain("listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2\n");
  expect(properties).toContain("advertised.listeners=PLAINTEXT://127.0.0.1:1\n");
});

test.each(Object.entries(BROKER_SETTINGS))(
  "the compose file's broker has %s=%s too",
  (key, value) => {
    const name = `KAFKA_${key.toUpperCase().replaceAll(".", "_")}`;
    expect(compose).toMatch(new RegExp(`^ +${name}: "?${value}"?$`, "m"));
  },
);

test("all three ways run the same versions", () => {
  const pom = readFileSync(join(INFRA_PACKAGE_ROOT, "kafka", "pom.xml"), "utf8");
  expect(compose).toContain(`image: ${KAFKA_IMAGE}\n`);
  expect(compose).toContain(`image: ${POSTGRES_IMAGE}\n`);
  expect(pom).toContain(`<version>${KAFKA_IMAGE.split(":")[1]}</version>`);
});
