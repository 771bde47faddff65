import { PlatformError } from '@mlops/errors';
import { shown } from '../tensor.ts';
import type { Parameter } from './signature.ts';
import { isRecord } from './table.ts';

/**
 * Checks a request's params against the signature (mlflow/models/utils.py, _validate_params): unknown names are
 * ignored as MLflow does, a wrong type is not. An ONNX model has no use for their values.
 * @throws INVALID_PARAMETER
 */
export function checkParameters(known: readonly Parameter[], params: unknown): void {
  if (params === undefined || params === null) return;
  if (!isRecord(params)) {
    throw new PlatformError('INVALID_PARAMETER', `Parameters must be a dictionary. Got ${shown(params)}.`, {
      field: 'params',
    });
  }
  for (const { name, type, isList } of known) {
    if (!Object.hasOwn(params, name)) continue;
    const value = params[name];
    if (isList !== Array.isArray(value)) {
      throw invalidParameter(name, isList ? `a list of ${type} values` : `a value of type ${type}`, value);
    }
    const odd = (isList ? (value as unknown[]) : [value]).find((each) => !isOfType(type, each));
    if (odd !== undefined) throw invalidParameter(name, `type ${type}`, odd);
  }
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
    case 'long':
      return Number.isInteger(value) || typeof value === 'bigint';
    case 'float':
    case 'double':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'datetime':
      return typeof value === 'string' && !Number.isNaN(Date.parse(value));
    default:
      return true;
  }
}

function invalidParameter(name: string, expected: string, received: unknown): PlatformError {
  const message = `Invalid parameters found: '${name}' must be ${expected}, received ${shown(received)}.`;
  return new PlatformError('INVALID_PARAMETER', message, { field: 'params' });
}
