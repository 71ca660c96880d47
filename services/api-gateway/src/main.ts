/** The api-gateway's process: configuration in, clients up, the app listening until told to stop. */
import { awaitLine } from "@seatline/shared/db/await-line.ts";
import { CLOSE_TIMEOUT_S } from "@seatline/shared/db/client.ts";
import { loadNewestIds } from "@seatline/shared/db/load-bookings.ts";
import { TailReader } from "@seatline/shared/line/tail-reader.ts";
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import { runService } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { buildApp } from "./app.ts";
import { findSecretFault } from "./check-secrets.ts";
import { parseGatewayConfig } from "./config.ts";
import type { GatewayConfig } from "./config.ts";
import { buildGateway } from "./gateway.ts";

const NAME = "api-gateway";

await runService(NAME, async (giveUp) => {
  const config = parseGatewayConfig(process.env);
  const log = buildLog(NAME, config.LOG_LEVEL);
  const gateway = buildGateway(config, log);
  const { memory, ahead, lineWatch, publisher, extents, sql, watchSql } = gateway;
  const app = await buildApp(gateway);
  const address = { brokers: config.KAFKA_BROKERS, clientId: NAME, log };
  const outcomes = new TailReader({
    ...address,
    topic: gateway.topics.outcomes,
    onMessage: ({ partition, text }) => {
      memory.receive(partition, text);
    },
    onJoined: () => {
      lineWatch.noteJoined();
    },
    onCrash: (error) => {
      giveUp("the reader of outcomes died", error);
    },
  });
  const requests = new TailReader({
    ...address,
    topic: gateway.topics.requests,
    onMessage: ({ partition, offset, text }) => {
      ahead.receive(partition, offset, text);
    },
    // What stood in the lines before is not known, and only makes a forecast less sure.
    onJoined: () => {},
    onCrash: (error) => {
      giveUp("the reader of requests died", error);
    },
  });

  publisher.connect();
  // Records that are published between this look and the reader's join are found by `lineWatch`.
  memory.start(await awaitLine(sql, log));
  const fault = findSecretFault(config.ID_SECRETS, await loadNewestIds(sql));
  if (fault !== null) throw new ConfigError([fault]);
  await Promise.all([outcomes.run(), requests.run()]);
  await lineWatch.expectOwnTopic();
  lineWatch.start();
  await listen(app, config);
  const close = async () => {
    lineWatch.close();
    await app.close();
    await Promise.all([publisher.close(), outcomes.close(), requests.close(), extents.close()]);
    await Promise.all([sql, watchSql].map((it) => it.end({ timeout: CLOSE_TIMEOUT_S })));
  };
  return { running: { close }, log };
});

async function listen(app: Awaited<ReturnType<typeof buildApp>>, config: GatewayConfig) {
  try {
    await app.listen({ host: config.HOST, port: config.PORT });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE") {
      throw new ConfigError([`PORT ${config.PORT} is taken; choose another with PORT=…`], {
        cause,
      });
    }
    throw cause;
  }
}
