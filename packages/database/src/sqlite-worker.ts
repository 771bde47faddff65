// The thread that owns one SQLite connection. The writer groups what waits: transactions run one after another, each
// in a savepoint, inside one BEGIN … COMMIT, and are answered when that commit is on the disk.
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Reply, Request, Statement, StatementResult, WorkerSetup } from './protocol.ts';

const GROUP_TRANSACTIONS_MAX = 64;
const GROUP_MILLISECONDS_MAX = 5;
const PREPARED_MAX = 500;

const { path, role, port } = workerData as WorkerSetup & { port: MessagePort };
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

port.on('message', (request: Request) => {
  handle(request);
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) handle(next.message as Request);
});

function handle(request: Request): void {
  try {
    if (request.kind === 'run') reply({ id: request.id, results: run(request.statements) });
    else if (request.kind === 'end') end(request.id, request.keep, request.more);
    else close(request.id);
  } catch (error) {
    reply({ id: request.id, error: describe(error) });
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
  for (const id of ended) reply({ id, error: describe(error) });
  ended = [];
  inGroup = false;
  lost = error;
}

function beginTransaction(): void {
  if (!inGroup) {
    connection.exec('BEGIN IMMEDIATE');
    inGroup = true;
    groupStartedAt = performance.now();
  }
  connection.exec('SAVEPOINT one');
  inTransaction = true;
}

function end(id: number, keep: boolean, more: boolean): void {
  if (lost) {
    reply(keep ? { id, error: describe(lost) } : { id, results: [] });
    lost = undefined;
    inTransaction = false;
    return;
  }
  if (inTransaction) connection.exec(keep ? 'RELEASE one' : 'ROLLBACK TO one; RELEASE one');
  inTransaction = false;
  if (keep) ended.push(id);
  else reply({ id, results: [] });
  const full = ended.length >= GROUP_TRANSACTIONS_MAX || performance.now() - groupStartedAt > GROUP_MILLISECONDS_MAX;
  if (!more || full) commit();
}

function commit(): void {
  const group = ended;
  ended = [];
  try {
    if (inGroup) connection.exec('COMMIT');
    inGroup = false;
    for (const id of group) reply({ id, results: [] });
  } catch (error) {
    // Nothing of the group is durable: each of its transactions fails.
    if (connection.isTransaction) connection.exec('ROLLBACK');
    inGroup = false;
    for (const id of group) reply({ id, error: describe(error) });
  }
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
  reply({ id, results: [] });
}

function describe(error: unknown): { message: string; errcode: number } {
  const { message, errcode } = error as { message: string; errcode?: number };
  return { message, errcode: errcode ?? 0 };
}

function reply(message: Reply): void {
  port.postMessage(message);
}
