import { PlatformError } from '@mlops/errors';
import { type ChainableCommander, Command, Redis } from 'ioredis';
import { decodeInstant, EPOCH, encodeInstant } from '../values/instant.ts';
import { fieldsOf, packValues, readCommand, redisKey, WRITE_IF_NEWER } from './redis-layout.ts';
import type { OnlineStore, StoredView, ViewFeatures, WrittenRow } from './store.ts';

/** Rows of one call of the script, during which Redis does nothing else: about a millisecond. */
const ROWS_IN_SCRIPT = 50;
const SCRIPTS_IN_PIPELINE = 20;
const READS_IN_PIPELINE = 1000;
const CONNECT_MS = 5_000;
/** A command that Redis does not answer for so long fails. */
const COMMAND_MS = 10_000;
/** What Redis answers while it cannot serve, beside not answering at all. */
const AWAY = /^(LOADING|MASTERDOWN|CLUSTERDOWN|READONLY|TRYAGAIN|BUSY|NOREPLICAS)\b/;

/** Our script as a command, which ioredis adds by its name. */
interface Scripted extends ChainableCommander {
  writeIfNewer(keys: number, ...args: readonly (Buffer | string)[]): this;
}

/** Takes commands as they are, which the library's types do not tell. */
interface Sending extends ChainableCommander {
  sendCommand(command: Command): unknown;
}

/** HMGET with fields that are on the wire already: writing hundreds of them for each key took longer than Redis's answer. */
class ReadRow extends Command {
  readonly #bytes: Buffer;

  constructor(key: Buffer, views: readonly ViewFeatures[]) {
    super('hmget', [key], { replyEncoding: null });
    this.#bytes = readCommand(views, key);
  }

  override toWritable(): Buffer {
    return this.#bytes;
  }
}

/**
 * Feast's Redis layout, byte for byte: what Feast wrote is read, and the reverse. While Redis is away every call is
 * refused at once; the connection comes back by itself.
 */
export class RedisStore implements OnlineStore {
  readonly #redis: Redis;

  /** @param url redis://user:password@host:port/database, or rediss:// for TLS */
  constructor(url: string) {
    this.#redis = new Redis(url, {
      lazyConnect: true,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      connectTimeout: CONNECT_MS,
      commandTimeout: COMMAND_MS,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 2_000),
      scripts: { writeIfNewer: { lua: WRITE_IF_NEWER } },
    });
    // Each command tells its own failure; without a listener every attempt to connect would be printed.
    this.#redis.on('error', () => {});
  }

  /** Waits for the first connection; a Redis that is away then may come later. */
  async open(): Promise<this> {
    await this.#redis.connect().catch(() => {});
    return this;
  }

  async read(project: string, keys: readonly Buffer[], views: readonly ViewFeatures[]): Promise<StoredView[]> {
    const answers: (Buffer | null)[][] = [];
    for (let from = 0; from < keys.length; from += READS_IN_PIPELINE) {
      const part = keys.slice(from, from + READS_IN_PIPELINE);
      const rows = await this.#hashes(part.map((key) => new ReadRow(redisKey(key, project), views)));
      for (const row of rows) answers.push(row);
    }
    let start = 0;
    return views.map(({ features }) => {
      const first = start;
      start += features.length + 1;
      return storedView(answers, first, features.length);
    });
  }

  async write(project: string, view: ViewFeatures, rows: readonly WrittenRow[]): Promise<number> {
    const fields = fieldsOf(view);
    const names = [String(view.features.length), ...fields];
    let written = 0;
    for (let from = 0; from < rows.length; from += ROWS_IN_SCRIPT * SCRIPTS_IN_PIPELINE) {
      const pipeline = this.#redis.pipeline() as Scripted;
      for (
        let next = from;
        next < Math.min(rows.length, from + ROWS_IN_SCRIPT * SCRIPTS_IN_PIPELINE);
        next += ROWS_IN_SCRIPT
      ) {
        const part = rows.slice(next, next + ROWS_IN_SCRIPT);
        const keys = part.map(({ key }) => redisKey(key, project));
        const packed = part.flatMap(({ event, values }) => [Buffer.from(encodeInstant(event)), packValues(values)]);
        pipeline.writeIfNewer(part.length, ...keys, ...names, ...packed);
      }
      for (const answer of (await this.#run(pipeline)) as number[]) written += answer;
    }
    return written;
  }

  async erase(project: string, key: Buffer, views: readonly ViewFeatures[]): Promise<string[]> {
    const pipeline = this.#redis.pipeline();
    for (const view of views) pipeline.hdel(redisKey(key, project), ...fieldsOf(view));
    const removed = (await this.#run(pipeline)) as number[];
    return views.filter((_view, i) => (removed[i] ?? 0) > 0).map(({ view }) => view);
  }

  async ping(): Promise<void> {
    await this.#run(this.#redis.pipeline().ping());
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  async #hashes(commands: readonly ReadRow[]): Promise<(Buffer | null)[][]> {
    const [only] = commands;
    if (commands.length === 1 && only !== undefined) {
      const answer = await (this.#redis.sendCommand(only) as Promise<(Buffer | null)[]>).catch((error: Error) => {
        throw refusal(error);
      });
      return [answer];
    }
    const pipeline = this.#redis.pipeline() as Sending;
    for (const command of commands) pipeline.sendCommand(command);
    return (await this.#run(pipeline)) as (Buffer | null)[][];
  }

  /** The answers of all commands, in order. @throws DATABASE_UNAVAILABLE, STORAGE_FULL, UPSTREAM_FAILED */
  async #run(pipeline: ChainableCommander): Promise<unknown[]> {
    let answers: readonly (readonly [Error | null, unknown])[] | null;
    try {
      answers = await pipeline.exec();
    } catch (error) {
      throw away(error);
    }
    return (answers ?? []).map(([error, answer]) => {
      if (error !== null) throw refusal(error);
      return answer;
    });
  }
}

/** A view's part of the answers: its features' values, then its time. */
function storedView(answers: readonly (readonly (Buffer | null)[])[], first: number, count: number): StoredView {
  const values = Array.from({ length: count }, (_, feature) =>
    answers.map((answer) => answer[first + feature] ?? undefined),
  );
  const events = answers.map((answer, key) => {
    const time = answer[first + count];
    if (time) return decodeInstant(time);
    return values.some((each) => each[key] !== undefined) ? EPOCH : undefined;
  });
  return { events, values };
}

function refusal(error: Error): PlatformError {
  if (error.name !== 'ReplyError' || AWAY.test(error.message)) return away(error);
  if (error.message.startsWith('OOM')) {
    return new PlatformError('STORAGE_FULL', 'Redis takes no more: its memory is full.', {
      cause: error,
    });
  }
  const [reason] = error.message.split(' ');
  return new PlatformError('UPSTREAM_FAILED', `Redis refused the command (${reason}).`, {
    cause: error,
    internal: error.message,
  });
}

function away(error: unknown): PlatformError {
  return new PlatformError('DATABASE_UNAVAILABLE', 'The online store (Redis) cannot be reached; try again.', {
    cause: error,
  });
}
