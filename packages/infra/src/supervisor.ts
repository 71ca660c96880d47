/**
 * What `npm start` does: infrastructure, migration, services, demo show, in this order, and back in
 * the reverse one. Restarts what dies in between. Never decides what a service does.
 */
import { join } from "node:path";
import { EXIT_CONFIG } from "@seatline/shared/runtime/config.ts";
import { showServiceLine } from "./log-lines.ts";
import { startInfrastructure } from "./infrastructure.ts";
import type { Infrastructure } from "./infrastructure.ts";
import { runStep } from "./one-shot.ts";
import { startHomeOf } from "./paths.ts";
import type { StartHome } from "./paths.ts";
import { findFreePort, findPortObstacle } from "./ports.ts";
import { claimCheckout } from "./remains.ts";
import { buildCommonEnvironment, buildUrl, DEFAULT_HOST, parsePort } from "./service-list.ts";
import type { Environment } from "@seatline/shared/runtime/config.ts";
import type { ServiceSpec } from "./service-list.ts";
import { loadSettings, saveSettings } from "./settings.ts";
import { RunStateFile, childStateOf } from "./state-file.ts";
import { SupervisedProcess } from "./supervised-process.ts";
import { waitUntil } from "./wait-until.ts";
import { startWarden } from "./warden-link.ts";

type SupervisorOptions = {
  readonly root: string;
  /** What the user gave, `.env` included. */
  readonly env: Environment;
  readonly services: readonly ServiceSpec[];
  readonly migrateScript: string;
  readonly demoScript: string;
  readonly log: (line: string) => void;
  /** Aborted by the user's wish to stop, at any time. */
  readonly stop: AbortSignal;
};

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 100;
const HEALTH_TIMEOUT_MS = 2_000;
const STOP_TIMEOUT_MS = 10_000;
const MIGRATE_TIMEOUT_MS = 120_000;
const DEMO_TIMEOUT_MS = 60_000;

type Run = {
  readonly options: SupervisorOptions;
  readonly home: StartHome;
  readonly state: RunStateFile;
  readonly processes: SupervisedProcess[];
  /** Aborted by the user or by a service that cannot go on. */
  readonly halt: AbortController;
};

/**
 * Runs until `stop` is aborted; then everything is stopped and it resolves. Throws one sentence when
 * something could not be started or cannot go on, after everything was stopped as well.
 */
export async function runSupervisor(options: SupervisorOptions): Promise<void> {
  const { root, env, log, stop } = options;
  const home = startHomeOf(root);
  const release = await claimCheckout({ root, home, env, log, signal: stop });
  try {
    await expectPortFree(env);
    const state = new RunStateFile(home.state, { root });
    const warden = startWarden({ statePath: home.state });
    state.update({ warden: warden.identity });
    const halt = new AbortController();
    stop.addEventListener("abort", () => halt.abort(stop.reason), { once: true });
    if (stop.aborted) halt.abort(stop.reason);
    try {
      await runAll({ options, home, state, halt, processes: [] });
    } finally {
      // Nothing runs any more, so the warden finds nothing to do.
      state.update({ composeProject: null, children: [] });
      await warden.close();
      state.remove();
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    release();
  }
}

/** Up in the order of dependence, down in reverse, whatever happens in between. */
async function runAll(run: Run): Promise<void> {
  const { root, env, log } = run.options;
  const infra = await startInfrastructure({
    purpose: "start",
    env,
    log,
    root,
    signal: run.halt.signal,
    onChange: (child) => run.state.setChild(child),
  });
  try {
    await serve(run, infra);
  } finally {
    log("Stopping …");
    run.state.update({ isStopping: true });
    // What still waits for something to become ready must not wait any longer.
    run.halt.abort(new Error("Stopping."));
    await Promise.all(run.processes.map((process) => process.stop()));
    await infra.close();
  }
}

async function serve(run: Run, infra: Infrastructure): Promise<void> {
  const { options, home, state, halt } = run;
  const { env: user, log, root } = options;
  const settings = loadSettings(home.folder);
  const env = buildCommonEnvironment(user, { settings, infra });
  const port = parsePort(user);
  const url = buildUrl(env["HOST"] ?? DEFAULT_HOST, port);
  state.update({ composeProject: infra.composeProject });
  const step = { root, home, env, log, signal: halt.signal };
  const { migrateScript, demoScript } = options;
  await runStep({ ...step, name: "migrate", script: migrateScript, timeoutMs: MIGRATE_TIMEOUT_MS });
  log("Starting the services …");
  await startServices(run, { env, port });
  state.update({ url });
  const demo = { name: "demo-show", script: demoScript, timeoutMs: DEMO_TIMEOUT_MS };
  await runStep({ ...step, ...demo, env: { ...env, SEATLINE_URL: url } }).catch((error: Error) => {
    halt.signal.throwIfAborted();
    log(`${error.message} Everything else works.`);
  });
  log(describeRunning(url, home));
  await once(halt.signal);
  halt.signal.throwIfAborted();
}

async function startServices(
  run: Run,
  { env, port }: { readonly env: Environment; readonly port: number },
): Promise<void> {
  const { options, home, halt } = run;
  const { ports: last } = loadSettings(home.folder);
  const ports: Record<string, number> = {};
  for (const { name, portName } of options.services) {
    const taken = Object.values(ports);
    ports[name] = portName === "PORT" ? port : await findFreePort(last[name], taken);
  }
  saveSettings(home.folder, { ports });
  await Promise.all(
    options.services.map(async (service) => {
      const process = superviseService(run, { service, env, port: ports[service.name] ?? port });
      run.processes.push(process);
      await process.start();
      const base = buildUrl(env["HOST"] ?? DEFAULT_HOST, ports[service.name] ?? port);
      await expectReady(process, { url: `${base}/health/ready`, signal: halt.signal });
    }),
  );
}

function superviseService(
  { options, home, state, halt }: Run,
  service: { readonly service: ServiceSpec; readonly env: Environment; readonly port: number },
): SupervisedProcess {
  const { name, script, portName } = service.service;
  const { port } = service;
  return new SupervisedProcess(
    {
      name,
      command: process.execPath,
      args: [join(options.root, script)],
      env: { ...service.env, [portName]: String(port) },
      cwd: options.root,
      logPath: join(home.logs, `${name}.log`),
      showLine: showServiceLine,
      stopSignal: "SIGTERM",
      stopTimeoutMs: STOP_TIMEOUT_MS,
      finalExitCode: EXIT_CONFIG,
      hasChannel: true,
    },
    {
      log: options.log,
      onChange: (identity) => state.setChild(childStateOf(name, identity, { port })),
      onFinalExit: (sentence) =>
        halt.abort(new Error(`${name} cannot run as it is configured: ${sentence}`)),
    },
  );
}

async function expectReady(
  process: SupervisedProcess,
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): Promise<void> {
  const limits = { timeoutMs: READY_TIMEOUT_MS, intervalMs: READY_POLL_MS, signal };
  if (await waitUntil(() => isHealthy(url), limits)) return;
  const last = process.lastLines.at(-1) ?? "nothing in its log";
  throw new Error(
    `${process.name} was not ready within ${READY_TIMEOUT_MS / 1_000} s (${last}); see ${process.spec.logPath}`,
  );
}

async function isHealthy(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** Before anything is started: the gateway would find out last. */
async function expectPortFree(env: Environment): Promise<void> {
  const port = parsePort(env);
  const host = env["HOST"] || DEFAULT_HOST;
  const obstacle = await findPortObstacle(port, host);
  if (obstacle === null) return;
  if (obstacle !== "EADDRINUSE") {
    throw new Error(
      `Nothing can listen on HOST ${host} and PORT ${port} (${obstacle}): choose an address of this machine, and a port from 1024 on.`,
    );
  }
  throw new Error(
    `Port ${port} is taken: stop what listens there, or choose another with PORT=${port + 1} npm start.`,
  );
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function describeRunning(url: string, home: StartHome): string {
  return [
    "",
    "Seatline is running.",
    "",
    `  API        ${url}`,
    `  Docs       ${url}/docs`,
    `  OpenAPI    ${url}/openapi.json`,
    `  Demo show  ${url}/v1/shows/1`,
    `  Logs       ${home.logs}`,
    "  Stop       Ctrl-C",
    "",
  ].join("\n");
}
