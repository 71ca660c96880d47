/**
 * What the line needs of a broker, and no more: the one interface behind which Kafka stands (`kafka-*.ts`).
 * The simulation has another that keeps the same promises; a suite runs the same histories on both.
 */
import type { LineMessage } from "./feed.ts";

export type Broker = {
  /** A connection to send over, that takes `deadlineMs` at most for an answer. Rejects if there is none to be had. */
  readonly connectSender: (deadlineMs: number) => Promise<Sender>;
  readonly buildGroupReader: (options: GroupOptions) => GroupReader;
  readonly buildTailReader: (options: TailOptions) => TailReader;
  readonly buildExtents: (topic: string) => Extents;
};

export type OutgoingMessage = {
  readonly topic: string;
  readonly partition: number;
  readonly key: string;
  readonly value: string;
};

/** Where the messages of one request begin that went to one partition of a topic; they follow in their order. */
export type Ack = {
  readonly topic: string;
  readonly partition: number;
  readonly baseOffset: number;
};

export type Sender = {
  /**
   * Sends all in one request and resolves when the broker has it. Rejects if that is not known: then the
   * messages may or may not stand in their topics. One call at a time.
   */
  readonly send: (messages: readonly OutgoingMessage[]) => Promise<readonly Ack[]>;
  readonly close: () => Promise<void>;
};

export type GroupOptions = {
  readonly topic: string;
  readonly groupId: string;
  /** After so long without a sign of life the member is out of its group. */
  readonly sessionTimeoutMs: number;
  readonly events: GroupEvents;
};

/** None of them may throw. */
type GroupEvents = {
  /** After each (re)join: the partitions that are ours now, all of them. */
  readonly onAssigned: (partitions: readonly number[]) => void;
  /**
   * The next messages of a partition, in order. Returns how many were taken: if not all, nothing more comes
   * of this partition before `resume`, and then the rest comes again.
   */
  readonly onMessages: (partition: number, messages: readonly LineMessage[]) => number;
  /** A fetch from one of the brokers begins, or has ended; one follows the other at once. */
  readonly onFetch: (nodeId: number, isOut: boolean) => void;
  /** A connection has ended. */
  readonly onDisconnect: () => void;
  /** The reader died for good. */
  readonly onCrash: (error: Error) => void;
};

/** A member of a consumer group. Never commits by itself, and may hand out any message again. */
export type GroupReader = {
  /** Joins, and reads until `close`. */
  readonly run: () => Promise<void>;
  /** What comes next of a partition begins at `offset`; what is under way may still come first. */
  readonly seek: (partition: number, offset: number) => void;
  readonly resume: (partition: number) => void;
  /** For tools that watch the lag. */
  readonly commitOffset: (partition: number, offset: number) => Promise<void>;
  readonly close: () => Promise<void>;
};

export type TailMessage = {
  readonly partition: number;
  readonly offset: number;
  readonly text: string;
};

export type TailOptions = {
  readonly topic: string;
  readonly onMessage: (message: TailMessage) => void;
  /**
   * After each (re)join. From a moment soon after it on, what is published is handed out; what is published in
   * between may be missed.
   */
  readonly onJoined: () => void;
  /** The reader died for good. */
  readonly onCrash: (error: Error) => void;
};

/**
 * Reads a whole topic, every partition, from its present end on. For readers that keep their own account
 * of what they have seen: it may hand out a message twice, and it may miss one around a reconnect.
 */
export type TailReader = {
  readonly run: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** `low` is the oldest offset of a partition, `end` the next to come. */
export type Extent = { readonly low: number; readonly end: number };

/** `lineId` is null where nobody has given the topic one. */
export type FoundTopic = { readonly lineId: string | null };

/** Where the partitions of a topic begin and end. */
export type Extents = {
  /** By partition. Throws what the client throws; the next call connects anew. */
  readonly load: () => Promise<ReadonlyMap<number, Extent>>;
  /** Of one partition; throws where the topic has none of that number. */
  readonly find: (partition: number) => Promise<Extent>;
  readonly topic: string;
  /** What the topic tells of itself; null where there is none. */
  readonly findTopic: () => Promise<FoundTopic | null>;
  readonly close: () => Promise<void>;
};
