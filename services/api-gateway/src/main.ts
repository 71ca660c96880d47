/** The api-gateway's process: configuration in, clients up, the app listening until told to stop. */
import { ConfigError } from "@seatline/shared/runtime/config.ts";
import { runService } from "@seatline/shared/runtime/lifecycle.ts";
import { buildLog } from "@seatline/shared/runtime/log.ts";

import { buildApp } from "./app.ts";
import { parseGatewayConfig } from "./config.ts";
import type { GatewayConfig } from "./config.ts";
import { connectGateway } from "./connect.ts";

const NAME = "api-gateway";

await runService(NAME, async (giveUp) => {
  const config = parseGatewayConfig(process.env);
  const log = buildLog(NAME, config.LOG_LEVEL);
  const gateway = connectGateway(config, { log, giveUp });
  const app = await buildApp(gateway);
  await gateway.run();
  await listen(app, config);
  const close = async () => {
    await app.close();
    await gateway.close();
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
