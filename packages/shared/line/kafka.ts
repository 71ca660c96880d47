/**
 * How we connect to Kafka. kafkajs is frozen, so it is treated as vendored code: pinned, patched, and
 * used by the services through the few files of this folder only.
 */
import { connect as connectSocket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { connect as connectTls } from "node:tls";

import { Kafka, logLevel } from "kafkajs";
import type { Consumer, ConsumerConfig, LogEntry } from "kafkajs";

import { withDeadline } from "../runtime/deadline.ts";
import { classifyFault } from "../runtime/faults.ts";
import { HOST } from "../runtime/host.ts";
import type { Log } from "../runtime/log.ts";

export type KafkaAddress = {
  readonly brokers: readonly string[];
  /** Shown in the broker's logs. */
  readonly clientId: string;
  readonly log: Log;
};

type KafkaOptions = KafkaAddress & {
  readonly requestTimeoutMs: number;
  /** How often kafkajs tries a call again by itself. */
  readonly retries: number;
  /** Called for each connection that ends. */
  readonly onDisconnect?: () => void;
};

const CONNECTION_TIMEOUT_MS = 2_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 1_000;
const CONSUMER_REQUEST_TIMEOUT_MS = 10_000;
const CONSUMER_RETRIES = 8;
/** UNKNOWN_TOPIC_OR_PARTITION of the protocol. */
const UNKNOWN_TOPIC = 3;
const HEARTBEATS_PER_SESSION = 4;
/** Well within the time that a service has to stop. */
const LEAVE_MAX_MS = 4_000;
/** What a broker refuses a member for, however often it comes again: somebody must change something. */
const HOPELESS = new Set([
  "CLUSTER_AUTHORIZATION_FAILED",
  "GROUP_AUTHORIZATION_FAILED",
  "INCONSISTENT_GROUP_PROTOCOL",
  "INVALID_SESSION_TIMEOUT",
  "TOPIC_AUTHORIZATION_FAILED",
]);

/**
 * One kafkajs client. Use each for one producer, consumer or admin only: two consumers of one client
 * share a map of offsets that both change.
 */
export function connectKafka(options: KafkaOptions) {
  const { brokers, clientId, log, requestTimeoutMs, retries, onDisconnect } = options;
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: requestTimeoutMs,
    retry: { retries, initialRetryTime: RETRY_FIRST_MS, maxRetryTime: RETRY_MAX_MS },
    // kafkajs leaves Nagle's algorithm on, which holds small requests back.
    socketFactory: ({ host, port, ssl, onConnect }) => {
      const socket = ssl
        ? connectTls(
            { host, port, ...(host === "localhost" ? {} : { servername: host }), ...ssl },
            onConnect,
          )
        : connectSocket({ host, port }, onConnect);
      if (onDisconnect !== undefined) socket.once("close", onDisconnect);
      // While the broker is away kafkajs unrefs a socket that connects once for each try, and Node keeps
      // a listener for each until it has: no leak, and nothing to warn of.
      socket.setMaxListeners(0);
      socket.setNoDelay(true);
      socket.setKeepAlive(true, CONNECTION_TIMEOUT_MS);
      return socket;
    },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => {
      writeLog(log, entry);
    },
  });
}

type ConsumerOptions = KafkaAddress &
  Pick<KafkaOptions, "onDisconnect"> & {
    readonly groupId: string;
    /** After so long without a heartbeat the member is out of its group. */
    readonly sessionTimeoutMs: number;
    /** The broker refuses the consumer for a reason that does not go away by itself. */
    readonly onCrash: (error: Error) => void;
  };

/** A consumer on a client of its own, that starts again after whatever may pass. */
export function connectConsumer(
  { groupId, sessionTimeoutMs, onCrash, ...address }: ConsumerOptions,
  fetch: Pick<ConsumerConfig, "maxWaitTimeInMs" | "maxBytes" | "rebalanceTimeout">,
): Consumer {
  const consumer = connectKafka({
    ...address,
    requestTimeoutMs: CONSUMER_REQUEST_TIMEOUT_MS,
    retries: CONSUMER_RETRIES,
  }).consumer({
    ...fetch,
    groupId,
    sessionTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / HEARTBEATS_PER_SESSION),
    allowAutoTopicCreation: false,
    retry: {
      retries: CONSUMER_RETRIES,
      restartOnFailure: (crash) => Promise.resolve(!isHopeless(crash)),
    },
  });
  consumer.on("consumer.crash", ({ payload }) => {
    guard(address.log, () => {
      if (!payload.restart) onCrash(payload.error);
    });
  });
  return consumer;
}

function isHopeless(error: Error): boolean {
  return "type" in error && typeof error.type === "string" && HOPELESS.has(error.type);
}

type Subscription = { readonly topic: string; readonly fromBeginning: boolean };

/** The same, as soon as the broker answers: it may be away for as long as it likes. Not once it is over. */
export async function subscribeWhenUp(
  consumer: Consumer,
  { log, over, ...subscription }: Subscription & { readonly log: Log; readonly over: AbortSignal },
): Promise<void> {
  for (let isFirst = true; !over.aborted; isFirst = false) {
    try {
      await subscribe(consumer, subscription);
      return;
    } catch (error) {
      if (classifyFault(error) !== "transient") throw error;
      log[isFirst ? "warn" : "debug"]({ err: error }, "the broker is away; waiting for it");
      await pause(RETRY_MAX_MS);
    }
  }
}

/** Connects and subscribes; throws a sentence that says what to do where the topic does not exist. */
export async function subscribe(
  consumer: Consumer,
  { topic, fromBeginning }: Subscription,
): Promise<void> {
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning });
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === UNKNOWN_TOPIC) {
      // No ConfigError: a broker that has just started does not know its topics for a moment.
      throw new Error(`the topic ${topic} does not exist; run the migrate step first`, { cause });
    }
    throw cause;
  }
}

/**
 * Leaves the group, where that is possible soon: a consumer of kafkajs that crashes at the same time may never say
 * that it has ended. Then the broker notices by the end of its session.
 */
export async function leave(consumer: Consumer, log: Log): Promise<void> {
  try {
    await withDeadline(consumer.disconnect(), { host: HOST, deadlineMs: LEAVE_MAX_MS });
  } catch (error) {
    log.warn({ err: error }, "the consumer group was not left; its session will end by itself");
  }
}

/** kafkajs breaks its own join or fetch when a callback throws, so none of ours does. */
export function guard(log: Log, work: () => void): void {
  try {
    work();
  } catch (error) {
    log.error({ err: error }, "a callback of a consumer failed");
  }
}

/** While the broker is away kafkajs says the same many times a second, in each of its clients. */
const SAID_AGAIN_MS = 60_000;
const SAID_MAX = 200;
/** When each thing was said last, by log: clients come and go. */
const saidAtByLog = new WeakMap<Log, Map<string, number>>();

/**
 * kafkajs calls every retry an error, though whoever called it decides what is one: its lines are
 * kept one level lower than it says, and its information and what it repeats at debug.
 */
function writeLog(log: Log, { namespace, level, log: facts }: LogEntry): void {
  const line = { kafka: namespace, broker: facts["broker"], error: facts["error"] };
  const words = `kafka: ${facts.message}`;
  const isNews = level <= logLevel.WARN && noteSaid(log, `${words} ${String(line.error)}`);
  log[isNews ? "info" : "debug"](line, words);
}

/** Whether it was not said within the last minute. */
function noteSaid(log: Log, words: string): boolean {
  const now = performance.now();
  const saidAt = saidAtByLog.get(log) ?? new Map<string, number>();
  saidAtByLog.set(log, saidAt);
  if (now - (saidAt.get(words) ?? -Infinity) < SAID_AGAIN_MS) return false;
  if (saidAt.size >= SAID_MAX) saidAt.clear();
  saidAt.set(words, now);
  return true;
}
