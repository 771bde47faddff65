import { availableParallelism } from 'node:os';
import { isRecord } from '../scoring/table.ts';

const LEVELS: Readonly<Record<number, SessionOptions['graphOptimizationLevel']>> = {
  0: 'disabled',
  1: 'basic',
  2: 'extended',
  99: 'all',
};
/** Entries that only tune the computation. Others name files, which a model must not choose. */
const SAFE_ENTRY =
  /^session\.(intra_op|inter_op)\.allow_spinning$|^session\.(set_denormal_as_zero|dynamic_block_base|disable_prepacking)$/;

/** How ONNX Runtime runs a model. */
export interface SessionOptions {
  /** Threads inside of one run. */
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  readonly executionMode: 'sequential' | 'parallel';
  readonly graphOptimizationLevel: 'disabled' | 'basic' | 'extended' | 'all';
  readonly entries: Readonly<Record<string, string>>;
}

/** One thread a run, and none that burns a processor while it waits: requests run beside each other instead. */
export const defaultSession: SessionOptions = {
  intraOpThreads: 1,
  interOpThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  entries: { 'session.intra_op.allow_spinning': '0', 'session.inter_op.allow_spinning': '0' },
};

/** `onnx_session_options` of MLflow's ONNX flavor. @throws Error that names what cannot be taken over */
export function sessionOptions(wire: unknown): SessionOptions {
  if (wire === undefined || wire === null) return defaultSession;
  if (!isRecord(wire)) throw new Error('onnx_session_options is not a mapping');
  const {
    intra_op_num_threads,
    inter_op_num_threads,
    execution_mode,
    graph_optimization_level,
    extra_session_config,
    ...rest
  } = wire;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw new Error(`onnx_session_options has ${unknown}, which this server does not know`);
  return {
    intraOpThreads: threads(intra_op_num_threads, 'intra_op_num_threads'),
    interOpThreads: threads(inter_op_num_threads, 'inter_op_num_threads'),
    executionMode: mode(execution_mode),
    graphOptimizationLevel: level(graph_optimization_level),
    entries: { ...defaultSession.entries, ...entries(extra_session_config) },
  };
}

/** 0 is the runtime's word for "all processors". */
function threads(value: unknown, name: string): number {
  if (value === undefined || value === null) return 1;
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Error(`${name} is not a number of threads`);
  return Math.min(value === 0 ? Infinity : (value as number), availableParallelism());
}

function mode(value: unknown): SessionOptions['executionMode'] {
  const name = value === undefined || value === null ? 'sequential' : String(value).toLowerCase();
  if (name !== 'sequential' && name !== 'parallel') throw new Error(`execution_mode is ${name}`);
  return name;
}

function level(value: unknown): SessionOptions['graphOptimizationLevel'] {
  if (value === undefined || value === null) return 'all';
  const known = LEVELS[Number(value)];
  if (!known) throw new Error(`graph_optimization_level is ${String(value)}; it can be 0, 1, 2 or 99`);
  return known;
}

function entries(value: unknown): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw new Error('extra_session_config is not a mapping');
  const refused = Object.keys(value).find((name) => !SAFE_ENTRY.test(name));
  if (refused !== undefined) throw new Error(`extra_session_config has ${refused}, which a model may not set here`);
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, String(entry)]));
}
