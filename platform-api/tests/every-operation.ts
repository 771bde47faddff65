import { featureOperations } from '@mlops/features';
import { inferenceOperations } from '@mlops/inference';
import type { Operation } from '@mlops/operations';
import { artifactOperations, trackingOperations, workspaceOperations } from '@mlops/tracking';
import { apiGroups } from '../src/operations.ts';

/** What a request says where a row has a field of the name. */
export type Values = Readonly<Record<string, unknown>>;

export interface Row {
  readonly name: string;
  readonly operation: Operation;
  /** `METHOD /path` and the body of a request for the things that the values name. */
  readonly request: (values: Values) => { readonly route: string; readonly body?: unknown };
}

const ALONE = ['invoke', 'ping', 'scoringVersion'];

/** Every row that the platform serves, of every table. */
export const everyRow: readonly Row[] = [
  ...rowsOf('/api/2.0/mlflow', trackingOperations),
  ...rowsOf('/api/3.0/mlflow', workspaceOperations),
  ...rowsOf('/api/2.0/mlflow-artifacts', artifactOperations),
  ...rowsOf('', inferenceOperations).filter(({ name }) => !ALONE.includes(name)),
  ...apiGroups.flatMap(({ tables }) => tables).flatMap((table) => rowsOf('', table)),
  ...rowsOf('', featureOperations),
];

function rowsOf(prefix: string, table: Readonly<Record<string, Operation>>): Row[] {
  return Object.entries(table).map(([name, operation]) => ({
    name,
    operation,
    request: (values) => requestOf(prefix, operation, values),
  }));
}

function requestOf(prefix: string, { method, path, request }: Operation, values: Values) {
  const fields = Object.keys((request as { properties?: object }).properties ?? {});
  const given = Object.fromEntries(fields.filter((field) => field in values).map((field) => [field, values[field]]));
  const address = path
    .replace(/:(\w+)/g, (_match, field: string) => {
      const value = String(given[field] ?? values[field]);
      delete given[field];
      return encodeURIComponent(value);
    })
    .replace('*', String(values.path))
    .replace(/^(\/v1\/models\/[^/]+)$/, method === 'POST' ? '$1:predict' : '$1');
  if (method !== 'GET' && method !== 'DELETE') return { route: `${method} ${prefix}${address}`, body: given };
  const query = new URLSearchParams();
  for (const [field, value] of Object.entries(given))
    for (const each of [value].flat()) query.append(field, String(each));
  // MLflow's DELETE has its fields in the body, unless the path names them.
  if (method === 'DELETE' && prefix.endsWith('mlflow')) return { route: `${method} ${prefix}${address}`, body: given };
  return { route: `${method} ${prefix}${address}${query.size > 0 ? `?${query}` : ''}` };
}
