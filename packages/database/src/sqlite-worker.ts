// The thread that owns one SQLite connection. The writer groups what waits: transactions run one after another, each
// in a savepoint, inside one BEGIN … COMMIT, and are answered when that commit is on the disk.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { receiveMessageOnPort } from 'node:worker_threads';
import { type Answered, type Asked, describeError, threadData } from '@mlops/concurrency';
import type { ConnectionSetup, Request, Statement, StatementResult } from './protocol.ts';

const GROUP_TRANSACTIONS_MAX = 64;
const GROUP_MILLISECONDS_MAX = 5;
const PREPARED_MAX = 500;

const {
  port,
  data: { path, role },
} = threadData<ConnectionSetup>();
const connection = new DatabaseSync(path, { readOnly: role === 'reader', timeout: 10_000 });
connection.exec('PRAGMA foreign_keys = ON; PRAGMA case_sensitive_like = ON; PRAGMA cache_size = -8000;');
if (role === 'writer') connection.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');

const prepared = new Map<string, StatementSync>();
/** Transactions that have ended well and wait for the group's commit. */
let ended: number[] = [];
let groupStartedAt = 0;
let inGroup = false;
let inTransaction = false;
/** Why the open transaction is lost: SQLite rolls back by itself when the disk is full or fails. */
let lost: Error | undefined;

port.on('message', (asked: Asked<Request>) => {
  handle(asked);
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    handle(next.message as Asked<Request>);
});

function handle({ id, request }: Asked<Request>): void {
  try {
    if (request.kind === 'run') answer(id, run(request.statements));
    else if (request.kind === 'end') end(id, request.keep, request.more);
    else close(id);
  } catch (error) {
    refuse(id, error);
  }
}

function run(statements: readonly Statement[]): StatementResult[] {
  if (lost) throw lost;
  try {
    if (role === 'writer' && !inTransaction) beginTransaction();
    return statements.map(execute);
  } catch (error) {
    if (inGroup && !connection.isTransaction) loseGroup(error as Error);
    throw error;
  }
}

/** SQLite has rolled back the whole group: nobody in it may believe otherwise. */
function loseGroup(error: Error): void {
  failGroup(error);
  lost = error;
}

/** Nothing of the group is durable: each of its transactions fails. */
function failGroup(error: unknown): void {
  for (const id of ended) refuse(id, error);
  ended = [];
  inGroup = false;
}

function beginTransaction(): void {
  if (!inGroup) {
    // What a rollback that failed has left open belongs to nobody any more.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    connection.exec('BEGIN IMMEDIATE');
    inGroup = true;
    groupStartedAt = performance.now();
  }
  connection.exec('SAVEPOINT one');
  inTransaction = true;
}

function end(id: number, keep: boolean, more: boolean): void {
  const why = lost;
  const wasOpen = inTransaction;
  lost = undefined;
  inTransaction = false;
  if (why) {
    if (keep) refuse(id, why);
    else answer(id, []);
    return;
  }
  try {
    if (wasOpen) connection.exec(keep ? 'RELEASE one' : 'ROLLBACK TO one; RELEASE one');
  } catch (error) {
    // Its changes might stay among those of others: all are undone.
    undoGroup(error);
    throw error;
  }
  if (keep) ended.push(id);
  else answer(id, []);
  const full = ended.length >= GROUP_TRANSACTIONS_MAX || performance.now() - groupStartedAt > GROUP_MILLISECONDS_MAX;
  if (!more || full) commit();
}

function commit(): void {
  try {
    if (inGroup) connection.exec('COMMIT');
  } catch (error) {
    undoGroup(error);
    return;
  }
  inGroup = false;
  const group = ended;
  ended = [];
  for (const id of group) answer(id, []);
}

function undoGroup(error: unknown): void {
  failGroup(error);
  if (connection.isTransaction) connection.exec('ROLLBACK');
}

function execute({ sql, parameters }: Statement): StatementResult {
  const statement = prepare(sql);
  const columns = statement.columns().map((column) => column.name);
  if (columns.length === 0) {
    const { changes } = statement.run(...parameters);
    return { columns, rows: [], changes: Number(changes) };
  }
  const rows = statement.all(...parameters) as unknown as StatementResult['rows'];
  return { columns, rows, changes: rows.length };
}

function prepare(sql: string): StatementSync {
  const known = prepared.get(sql);
  if (known) return known;
  const statement = connection.prepare(sql);
  statement.setReturnArrays(true);
  const oldest = prepared.size >= PREPARED_MAX ? prepared.keys().next().value : undefined;
  if (oldest !== undefined) prepared.delete(oldest);
  prepared.set(sql, statement);
  return statement;
}

function close(id: number): void {
  if (role === 'writer') {
    commit();
    connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }
  prepared.clear();
  connection.close();
  answer(id, []);
}

function answer(id: number, result: readonly StatementResult[]): void {
  port.postMessage({ id, result } satisfies Answered<readonly StatementResult[]>);
}

function refuse(id: number, error: unknown): void {
  const { errcode = 0 } = error as { errcode?: number };
  port.postMessage({ id, error: { ...describeError(error), errcode } } satisfies Answered<never>);
}
