/**
 * Runs one of our scripts with the Node and pnpm this project is built for, on any machine that has
 * Node 20 or newer with npm: finds or fetches the two, installs the packages, hands over.
 * Plain JavaScript without dependencies, because it runs before anything is installed. Never starts
 * a service and knows nothing of what the script does.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

const NODE_VERSION = "26.10.0";
const PNPM_VERSION = "12.21.0";
const NODE_VERSION_MIN = 20;

/** A step that takes longer than this says what it is doing; one that does not stays silent. */
const QUIET_MS = 1_500;
/** How often a long step says that it is still at work. */
const PROGRESS_MS = 5_000;
/** A terminal's Ctrl-C reaches us twice, once from the terminal and once from npm: this is one wish. */
const SAME_SIGNAL_MS = 500;
/** How often we look whether the npm that started us is still there. */
const PARENT_CHECK_MS = 1_000;
/** How long the end of a script's last children is waited for, so that the prompt comes after them. */
const GROUP_END_MAX_MS = 30_000;
const GROUP_POLL_MS = 50;
/** A `--version` that takes longer than this counts as not installed. */
const VERSION_CHECK_MAX_MS = 15_000;

const root = resolve(import.meta.dirname ?? dirname(new URL(import.meta.url).pathname), "..");

/** What runs now, and how a signal reaches it: a helper with its whole group, a script alone. */
let current = null;
let stopSignal = null;

await main(process.argv.slice(2)).catch((error) => fail(error.message));

async function main([script, ...args]) {
  forwardSignals();
  if (script === undefined) fail("Usage: node scripts/toolchain.mjs <script.ts> [arguments]");
  if (!existsSync(resolve(root, script))) fail(`There is no ${script} in ${root}.`);
  if (process.platform === "win32") fail("Seatline runs on Linux and macOS; on Windows use WSL.");
  if (Number.parseInt(process.versions.node, 10) < NODE_VERSION_MIN) {
    fail(`Node ${NODE_VERSION_MIN} or newer is needed to begin, this is ${process.versions.node}.`);
  }
  const { node, path } = await findTools();
  const env = { ...process.env, PATH: path };
  await installPackages(env);
  watchParent();
  process.exitCode = await handOver(node, [resolve(root, script), ...args], env);
  process.exit();
}

/** The absolute path of the right Node, and a PATH on which children find it and pnpm. */
async function findTools() {
  const wanted = [];
  const folders = [];
  let node = process.execPath;
  if (isSuitable(process.versions.node, NODE_VERSION)) folders.push(dirname(node));
  else wanted.push(`node@${NODE_VERSION}`);
  if (!(await hasPnpm())) wanted.push(`pnpm@${PNPM_VERSION}`);
  if (wanted.length > 0) {
    const fetched = await fetchTools(wanted);
    folders.unshift(fetched);
    if (wanted[0].startsWith("node@")) node = realpathSync(join(fetched, "node"));
  }
  await checkNode(node);
  return { node, path: [...folders, process.env.PATH ?? ""].join(delimiter) };
}

/** Same major, and at least the version we test with. */
function isSuitable(version, wanted) {
  const [major, minor] = version.split(".").map(Number);
  const [wantedMajor, wantedMinor] = wanted.split(".").map(Number);
  return major === wantedMajor && minor >= wantedMinor;
}

async function hasPnpm() {
  const env = { ...process.env, COREPACK_ENABLE_STRICT: "0", COREPACK_ENABLE_DOWNLOAD_PROMPT: "0" };
  const result = await run("pnpm", ["--version"], { env, maxMs: VERSION_CHECK_MAX_MS });
  return result.code === 0 && isSuitable(result.stdout.trim(), PNPM_VERSION);
}

/**
 * npx keeps what it fetched, so the folder stays good after npx is gone. It is written down, because
 * npx asks the registry each time, and a start should work without a network once it has worked.
 */
async function fetchTools(packages) {
  const note = join(cacheFolder(), `${packages.join("+")}-${process.platform}-${process.arch}`);
  const kept = await readKept(note, packages);
  if (kept !== undefined) return kept;
  const folder = await fetchWithNpx(packages);
  try {
    mkdirSync(dirname(note), { recursive: true });
    writeFileSync(note, folder);
  } catch {
    // A home that cannot be written to: the next start asks npx again.
  }
  return folder;
}

function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || join(process.env.HOME || homedir(), ".cache");
  return join(base, "seatline", "toolchain");
}

/** The folder of last time, if everything in it still runs. */
async function readKept(note, packages) {
  if (!existsSync(note)) return undefined;
  const folder = readFileSync(note, "utf8");
  const env = { ...process.env, PATH: [folder, process.env.PATH ?? ""].join(delimiter) };
  for (const name of packages) {
    const [tool, wanted] = name.split("@");
    const limits = { env, maxMs: VERSION_CHECK_MAX_MS };
    const { stdout } = await run(join(folder, tool), ["--version"], limits);
    if (stdout.trim().replace(/^v/, "") !== wanted) return undefined;
  }
  return folder;
}

async function fetchWithNpx(packages) {
  const probe = packages[0].startsWith("node@") ? "node" : "pnpm";
  const result = await run(
    "npx",
    ["--yes", ...packages.flatMap((name) => ["-p", name]), "-c", `command -v ${probe}`],
    { env: process.env, doing: `Fetching ${packages.join(" and ")} (only once)` },
  );
  const tool = result.stdout.trim().split("\n").at(-1) ?? "";
  if (result.code === 0 && existsSync(tool)) return dirname(tool);
  if (result.missing) fail("npx was not found: install npm, which comes with Node.");
  fail(
    `${packages.join(" and ")} could not be fetched (is the npm registry reachable?): ${findCause(result)}`,
  );
}

async function checkNode(node) {
  if (node === process.execPath) return;
  const result = await run(node, ["--version"], { env: process.env, maxMs: VERSION_CHECK_MAX_MS });
  if (result.code === 0) return;
  const hint = result.stderr.includes("libatomic") ? " Install the system package libatomic1." : "";
  fail(`Node ${NODE_VERSION} does not run on this machine: ${lastLine(result)}.${hint}`);
}

async function installPackages(env) {
  const args = ["install", "--frozen-lockfile", "--config.confirmModulesPurge=false"];
  const result = await run("pnpm", args, { env, cwd: root, doing: "Installing packages" });
  if (result.code === 0) return;
  process.stderr.write(result.stdout + result.stderr);
  fail("pnpm install failed, see above (is the npm registry reachable?).");
}

/**
 * Runs a helper in a group of its own and keeps its output. With `doing`, a long run is reported.
 * Never rejects: `code` is null where it could not be started or was ended by a signal.
 */
function run(command, args, { env, cwd, doing, maxMs }) {
  return new Promise((done) => {
    const child = spawn(command, args, {
      env,
      cwd,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    current = (signal) => killGroup(child, signal);
    const startedAt = Date.now();
    const result = { code: null, stdout: "", stderr: "", missing: false };
    child.stdout.on("data", (chunk) => (result.stdout += chunk));
    child.stderr.on("data", (chunk) => (result.stderr += chunk));
    const deadline = maxMs && setTimeout(() => killGroup(child, "SIGKILL"), maxMs);
    let progress = doing && setTimeout(report, QUIET_MS);
    function report() {
      const seconds = Math.round((Date.now() - startedAt) / 1_000);
      say(seconds < 5 ? `${doing} …` : `${doing} … ${seconds} s`);
      progress = setTimeout(report, PROGRESS_MS);
    }
    function finish() {
      clearTimeout(deadline);
      clearTimeout(progress);
      current = null;
      if (stopSignal !== null) process.exit(exitCodeOf(stopSignal));
      done(result);
    }
    child.on("error", (error) => {
      result.missing = error.code === "ENOENT";
      result.stderr += error.message;
      finish();
    });
    child.on("close", (code) => {
      result.code = code;
      finish();
    });
  });
}

/**
 * The script gets the terminal but its own process group: what reaches it is what we forward, once,
 * and to the whole group, as a terminal would. The channel lets it notice when we are killed and cannot forward anything any more.
 */
function handOver(node, args, env) {
  return new Promise((done) => {
    const child = spawn(node, args, {
      env,
      detached: true,
      stdio: ["inherit", "inherit", "inherit", "ipc"],
    });
    current = (signal) => killGroup(child, signal);
    if (stopSignal !== null) current(stopSignal);
    child.on("error", (error) => fail(error.message));
    child.on("exit", async (code, signal) => {
      await waitForGroup(child.pid);
      done(code ?? exitCodeOf(signal));
    });
  });
}

/** What a script started and did not wait for, such as a test runner that still cleans up. */
async function waitForGroup(pid) {
  const deadlineAt = Date.now() + GROUP_END_MAX_MS;
  while (isAlive(-pid) && Date.now() < deadlineAt) await delay(GROUP_POLL_MS);
}

function forwardSignals() {
  let lastAt = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - lastAt < SAME_SIGNAL_MS) return;
      lastAt = now;
      forward(signal);
    });
  }
}

function forward(signal) {
  stopSignal = signal;
  if (current === null) process.exit(exitCodeOf(signal));
  current(signal);
}

/** `kill -9` on npm takes npm alone: nobody would be left to stop us, so we stop by ourselves. */
function watchParent() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const npm = npmPid();
  if (npm === undefined) return;
  const timer = setInterval(() => {
    // One signal to the whole group ends npm as well; we know of it already.
    if (isAlive(npm) || stopSignal !== null) return;
    clearInterval(timer);
    forward("SIGTERM");
  }, PARENT_CHECK_MS);
  timer.unref();
}

/** Our parent, or the parent of the shell between npm and us. Undefined where it cannot be told. */
function npmPid() {
  try {
    const parent = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    const isShell = /\((sh|dash|bash|zsh|ash|busybox)\)/.test(parent);
    return isShell ? Number(parent.slice(parent.lastIndexOf(")") + 2).split(" ")[1]) : process.ppid;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function killGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

function exitCodeOf(signal) {
  return { SIGHUP: 129, SIGINT: 130, SIGKILL: 137, SIGTERM: 143 }[signal] ?? 1;
}

/** npm puts the reason in the middle, and where its log is at the end. */
function findCause(result) {
  const lines = `${result.stdout}\n${result.stderr}`.split("\n");
  return lines.find((line) => /Error: |network|ENOTFOUND/.test(line))?.trim() ?? lastLine(result);
}

function lastLine({ stdout, stderr }) {
  return `${stdout}\n${stderr}`.trim().split("\n").at(-1);
}

function say(text) {
  process.stderr.write(`${text}\n`);
}

function fail(sentence) {
  say(sentence);
  process.exit(1);
}
