import type { PredictionEvent, Tensor } from '@mlops/inference';
import { type JsonValue, rowCount, toJson } from '@mlops/inference';
import { deploymentKey } from '../teams/index.ts';

/** One row that a model was asked about. A request of many rows is many predictions. */
export interface Prediction {
  /** The request's id; with `:n` for row n of a request of several rows. */
  readonly id: string;
  readonly request_id: string;
  readonly team: string;
  /** Its key. */
  readonly deployment: string;
  /** null where no revision answered. */
  readonly revision: number | null;
  readonly model_version: string | null;
  readonly key: string | null;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** What a feature service gave, with its keys and event times; only where one was asked. */
  readonly features?: Readonly<Record<string, unknown>> | undefined;
  readonly latency_ms: number;
  readonly status: number;
  readonly error: string | null;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What the platform knows of the deployment that answered. */
export interface Served {
  readonly team: string;
  readonly revision: number | null;
  readonly modelVersion: string | null;
}

/** The predictions of rows `from` to `to` (exclusive) of a request: one for each row of its tensors. */
export function predictionsOf(event: PredictionEvent, served: Served, from = 0, to = rowCount(event)): Prediction[] {
  const rows = rowCount(event);
  const common = {
    request_id: event.requestId,
    team: served.team,
    deployment: deploymentKey(served.team, event.model),
    revision: served.revision,
    model_version: served.modelVersion,
    latency_ms: Math.round(event.latencyMs * 1000) / 1000,
    status: event.status,
    error: event.error ?? null,
    time: event.time,
  };
  return Array.from({ length: Math.max(0, Math.min(to, rows) - from) }, (_, i) => {
    const row = from + i;
    return {
      id: rows === 1 ? event.requestId : `${event.requestId}:${row}`,
      ...common,
      key: event.keys?.[row] ?? null,
      inputs: rowOf(event.inputs, row),
      outputs: rowOf(event.outputs, row),
      ...(event.features?.[row] === undefined ? {} : { features: event.features[row] }),
    };
  });
}

/** What a row may have of one tensor: to write more as text would hold up all other requests. */
const VALUES_MAX = 100_000;

function rowOf(tensors: readonly Tensor[], row: number): Record<string, unknown> {
  return Object.fromEntries(tensors.map((tensor) => [tensor.name, valueOf(tensor, row)]));
}

function valueOf(tensor: Tensor, row: number): JsonValue | JsonValue[] {
  const rows = tensor.shape[0] ?? 1;
  const width = rows === 0 ? 0 : tensor.data.length / rows;
  if (width > VALUES_MAX) return `left out: ${width} values`;
  const values = toJson(tensor, row * width, (row + 1) * width);
  return values.length === 1 ? (values[0] ?? null) : values;
}
