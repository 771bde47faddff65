import { PlatformError } from '@mlops/errors';
import { type ChainableCommander, Command, Redis } from 'ioredis';
import { decodeInstant, EPOCH, encodeInstant } from '../values/instant.ts';
import { fieldsOf, readCommand, redisKey, WRITE_IF_NEWER } from './redis-layout.ts';
import type { OnlineStore, StoredRow, ViewFeatures, WrittenRow } from './store.ts';

const ROWS_IN_PIPELINE = 500;
const CONNECT_MS = 5_000;
/** A command that Redis does not answer for so long fails. */
const COMMAND_MS = 10_000;
/** What Redis answers while it cannot serve, beside not answering at all. */
const AWAY = /^(LOADING|MASTERDOWN|CLUSTERDOWN|READONLY|TRYAGAIN|BUSY|NOREPLICAS)\b/;

/** Our script as a command, which ioredis adds by its name. */
interface Scripted extends ChainableCommander {
  writeIfNewer(...args: readonly (Buffer | Uint8Array)[]): this;
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
      scripts: { writeIfNewer: { lua: WRITE_IF_NEWER, numberOfKeys: 1 } },
    });
    // Each command tells its own failure; without a listener every attempt to connect would be printed.
    this.#redis.on('error', () => {});
  }

  /** Waits for the first connection; a Redis that is away then may come later. */
  async open(): Promise<this> {
    await this.#redis.connect().catch(() => {});
    return this;
  }

  async read(
    project: string,
    keys: readonly Buffer[],
    views: readonly ViewFeatures[],
  ): Promise<(StoredRow | undefined)[][]> {
    const pipeline = this.#redis.pipeline() as Sending;
    for (const key of keys) pipeline.sendCommand(new ReadRow(redisKey(key, project), views));
    const answers = (await this.#run(pipeline)) as (Buffer | null)[][];
    const found: (StoredRow | undefined)[][] = [];
    let from = 0;
    for (const { features } of views) {
      const start = from;
      found.push(answers.map((values) => rowOf(values, start, features.length)));
      from += features.length + 1;
    }
    return found;
  }

  async write(project: string, view: ViewFeatures, rows: readonly WrittenRow[]): Promise<number> {
    const fields = fieldsOf(view);
    const time = fields[fields.length - 1] as Buffer;
    let written = 0;
    for (let from = 0; from < rows.length; from += ROWS_IN_PIPELINE) {
      const pipeline = this.#redis.pipeline() as Scripted;
      for (const { key, values, event } of rows.slice(from, from + ROWS_IN_PIPELINE)) {
        const pairs = values.flatMap((value, i) => [fields[i] as Buffer, Buffer.from(value)]);
        pipeline.writeIfNewer(redisKey(key, project), time, Buffer.from(encodeInstant(event)), ...pairs);
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

function rowOf(values: readonly (Buffer | null)[], start: number, count: number): StoredRow | undefined {
  const time = values[start + count] ?? undefined;
  const found = values.slice(start, start + count).map((value) => value ?? undefined);
  if (time === undefined && found.every((value) => value === undefined)) return undefined;
  return { event: time === undefined ? EPOCH : decodeInstant(time), values: found };
}

function refusal(error: Error): PlatformError {
  if (error.name !== 'ReplyError' || AWAY.test(error.message)) return away(error);
  if (error.message.startsWith('OOM')) {
    return new PlatformError(
      'STORAGE_FULL',
      'Redis takes no more: its memory is full. Nothing of the row was stored.',
      {
        cause: error,
      },
    );
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
