/**
 * The gateway's HTTP surface, wired by hand from what it is given. Knows no configuration and opens
 * no connection.
 */
import { isUtf8 } from "node:buffer";

import cors from "@fastify/cors";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, { LogController } from "fastify";
import type { FastifyBaseLogger, FastifyRequest } from "fastify";

import type { App, AppDeps } from "./deps.ts";
import {
  BODY_ENCODING,
  registerErrorHandling,
  sendClientError,
  sendFrameworkError,
} from "./errors.ts";
import { registerAdminRoutes } from "./routes/admin.ts";
import { registerBookingRoutes } from "./routes/bookings.ts";
import { registerClassicRoutes } from "./routes/classic.ts";
import { registerHealthRoutes } from "./routes/health.ts";
import { registerListBookings } from "./routes/list-bookings.ts";
import { registerAskShowRoutes } from "./routes/ask-shows.ts";
import { registerDecisionRoutes } from "./routes/decisions.ts";
import { registerShowRoutes } from "./routes/shows.ts";
import { buildValidator } from "./validation.ts";

const BODY_MAX = 64 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;
const LATE_LOOK_MS = 2_000;
const CONNECTION_TIMEOUT_MS = 60_000;
const KEEP_ALIVE_TIMEOUT_MS = 30_000;
const PREFLIGHT_MAX_AGE_S = 600;
const PARAM_LENGTH_MAX = 200;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

/** The app, ready to listen. */
export async function buildApp(deps: AppDeps): Promise<App> {
  const options = {
    loggerInstance: deps.log as FastifyBaseLogger,
    // One line per request would drown a sale.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // By itself Node looks for late requests only every 30 s, and not at all for bodies as long as
    // headers may take longer than a whole request.
    http: { connectionsCheckingInterval: LATE_LOOK_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    // Streams and long-polls must not hold up the end of the process.
    forceCloseConnections: true,
    return503OnClosing: true,
    genReqId: (request: { headers: Record<string, string | string[] | undefined> }) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : crypto.randomUUID();
    },
    clientErrorHandler: sendClientError,
    frameworkErrors: sendFrameworkError,
  };
  const app: App = fastify(options).withTypeProvider<TypeBoxTypeProvider>();
  app.setValidatorCompiler(buildValidator());
  registerErrorHandling(app, deps.log);
  registerJson(app);
  app.addHook("onRequest", async (request, reply) => {
    reply.header("x-request-id", request.id);
  });
  app.addHook("preClose", async () => {
    deps.memory.waiters.close();
  });
  await app.register(cors, {
    origin: deps.corsOrigins.includes("*") ? "*" : [...deps.corsOrigins],
    // OPTIONS without the headers of a preflight is not for this plugin to refuse.
    strictPreflight: false,
    maxAge: PREFLIGHT_MAX_AGE_S,
    exposedHeaders: ["etag", "location", "retry-after", "preference-applied", "x-request-id"],
  });
  await registerDocs(app);
  registerHealthRoutes(app, deps);
  registerAskShowRoutes(app, deps);
  registerShowRoutes(app, deps);
  registerDecisionRoutes(app, deps);
  registerBookingRoutes(app, deps);
  registerListBookings(app, deps);
  registerAdminRoutes(app, deps);
  if (deps.classicRoutes) registerClassicRoutes(app, deps);
  return app;
}

/** An empty body is no body, whatever its content type says: many clients label what they do not send. */
function registerJson(app: App): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("text/plain");
  const asBytes = { parseAs: "buffer" } as const;
  app.addContentTypeParser<Buffer>("application/json", asBytes, (request, body, done) => {
    if (body.length === 0) done(null, null);
    else if (isPlainText(request, body)) void parse(request, body.toString("utf8"), done);
    else done(Object.assign(new Error("a body in another encoding"), { code: BODY_ENCODING }));
  });
  app.addContentTypeParser<Buffer>("*", asBytes, (_, body, done) => {
    if (body.length === 0) done(null, null);
    else done(Object.assign(new Error("no JSON"), { code: "FST_ERR_CTP_INVALID_MEDIA_TYPE" }));
  });
  app.addHook("preValidation", async (request) => {
    request.body ??= null;
  });
}

/** JSON is UTF-8 (RFC 8259, 8.1). Read as such, other bytes would be stored as something else. */
function isPlainText({ headers }: FastifyRequest, body: Buffer): boolean {
  const charset = /;\s*charset="?([^\s;"]+)/i.exec(headers["content-type"] ?? "")?.[1] ?? "utf-8";
  const encoding = headers["content-encoding"] ?? "identity";
  return /^utf-?8$/i.test(charset) && encoding === "identity" && isUtf8(body);
}

async function registerDocs(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Seatline",
        version: "1.0.0",
        description:
          "Sells tickets when thousands of people press the button in the same second: a place in the line decides who gets the seat.",
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: "/", description: "Where this description came from" }],
      tags: [
        { name: "Shows", description: "What is sold" },
        { name: "Bookings", description: "Asking for seats, and what became of it" },
        { name: "Admin", description: "For those who run the sale" },
        { name: "Health", description: "Probes" },
        { name: "Classic", description: "The routes of the two older backends, unchanged" },
      ],
      components: { securitySchemes: { admin: { type: "http", scheme: "bearer" } } },
    },
    convertConstToEnum: false,
  });
  await app.register(swaggerUi, { routePrefix: "/docs" });
  app.get("/", { schema: { hide: true } }, (_, reply) => reply.redirect("/docs"));
  app.get("/openapi.json", { schema: { hide: true } }, () => app.swagger());
}
