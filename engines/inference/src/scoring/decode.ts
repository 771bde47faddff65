import { PlatformError } from '@mlops/errors';
import type { DecodedRequest, InvocationsRequest } from '../engine.ts';
import { enforceColumns, missingInputs } from './columns.ts';
import { feedTable, feedTensors } from './feeds.ts';
import { checkParameters } from './parameters.ts';
import type { ModelInputs } from './signature.ts';
import { columnTable, isRecord, isRecords, positional, recordTable, splitTable, type Table } from './table.ts';

// MLflow's scoring protocol (mlflow/pyfunc/scoring_server) and KServe V1, as tensors. A model whose signature has
// columns is asked with a table and answers one; any other is asked with tensors.

const FORMS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;
const V1_FIELDS = ['instances', 'inputs', 'parameters', 'signature_name'];

/** A request of KServe V1: `instances` or `inputs`, which mean the same. */
interface PredictRequest {
  readonly instances?: unknown;
  readonly inputs?: unknown;
}

/** @throws MALFORMED_REQUEST unless exactly one form is given, INVALID_TENSOR, INVALID_PARAMETER */
export function decodeInvocations(request: InvocationsRequest, model: ModelInputs): DecodedRequest {
  const form = onlyForm(request);
  checkParameters(model.signature?.parameters ?? [], request.params);
  const content = request[form];
  const schema = model.signature?.input;
  if (form === 'dataframe_split') return fromTable(splitTable(content), model, schema?.kind !== 'tensors');
  if (form === 'dataframe_records') return fromTable(recordTable(content, form), model, schema?.kind !== 'tensors');
  if (isRecords(content)) return fromTable(recordTable(content, form), model, schema?.kind === 'columns');
  if (schema?.kind !== 'columns') return fromTensors(content, model);
  if (isRecord(content)) return fromTable(columnTable(content), model, true);
  const names = schema.columns.map(({ name }, i) => name ?? String(i));
  const rows = asRows(content);
  if (names.length > 1 && schema.columns.some(({ name }) => name !== undefined)) {
    // Values without names could be any columns: MLflow does not guess either.
    throw missingInputs(
      names,
      (rows[0] ?? []).map((_, i) => String(i)),
    );
  }
  return fromTable(positional(names, rows, form), model, true);
}

/**
 * KServe V1: a row is a value, a list with a value for each input, or an object by input name; `inputs` may also be an
 * object with a tensor for each input.
 * @throws MALFORMED_REQUEST, INVALID_TENSOR, INVALID_PARAMETER
 */
export function decodePredict(request: PredictRequest, model: ModelInputs): DecodedRequest {
  const content = v1Content(request);
  const schema = model.signature?.input;
  if (isRecords(content)) return fromTable(recordTable(content, 'instances'), model, true);
  if (isRecord(content)) {
    return schema?.kind === 'columns' ? fromTable(columnTable(content), model, true) : fromTensors(content, model);
  }
  if (!Array.isArray(content)) {
    throw new PlatformError('MALFORMED_REQUEST', '"instances" must be a list.', { field: 'instances' });
  }
  if (model.inputs.length === 1) return fromTensors(content, model);
  const names =
    schema?.kind === 'columns'
      ? schema.columns.map(({ name }, i) => name ?? String(i)).filter((name) => name !== model.keyColumn)
      : model.inputs.map(({ name }) => name);
  return fromTable(positional(names, asRows(content), 'instances'), model, true);
}

/** A request of MLflow's scoring protocol as a table of named columns. @throws as `decodeInvocations` */
export function invocationsTable(request: InvocationsRequest, model: ModelInputs): Table {
  const form = onlyForm(request);
  checkParameters(model.signature?.parameters ?? [], request.params);
  if (form === 'dataframe_split') return splitTable(request[form]);
  if (form === 'dataframe_records') return recordTable(request[form], form);
  return namedTable(request[form], form);
}

/** A request of KServe V1 as a table of named columns. @throws as `decodePredict` */
export function predictTable(request: PredictRequest): Table {
  return namedTable(v1Content(request), 'instances');
}

function namedTable(content: unknown, form: string): Table {
  if (isRecords(content)) return recordTable(content, form);
  if (isRecord(content)) return columnTable(content);
  const message = `"${form}" must name its columns: this deployment fills inputs from features, by entity keys.`;
  throw new PlatformError('MALFORMED_REQUEST', message, { field: form });
}

function onlyForm(request: InvocationsRequest): (typeof FORMS)[number] {
  const given = FORMS.filter((form) => request[form] !== undefined);
  const [form] = given;
  if (given.length !== 1 || form === undefined) {
    throw new PlatformError(
      'MALFORMED_REQUEST',
      `The input must be a JSON dictionary with exactly one of the input fields {${FORMS.join(', ')}}. Received dictionary with input fields: [${Object.keys(request).join(', ').slice(0, 300)}].`,
    );
  }
  refuseUnknown(request, [form, 'params']);
  return form;
}

function v1Content(request: PredictRequest): unknown {
  refuseUnknown(request, V1_FIELDS);
  const { inputs, instances } = request;
  const content = inputs ?? instances;
  if (content === undefined || content === null || (inputs !== undefined && instances !== undefined)) {
    throw new PlatformError('MALFORMED_REQUEST', 'Expected one key "instances" or "inputs" in the request body.', {
      field: 'instances',
    });
  }
  return content;
}

function refuseUnknown(request: object, known: readonly string[]): void {
  const unknown = Object.keys(request)
    .find((name) => !known.includes(name))
    ?.slice(0, 100);
  if (unknown !== undefined) {
    throw new PlatformError('INVALID_PARAMETER', `'${unknown}' is not a field of this request.`, { field: unknown });
  }
}

function asRows(content: unknown): readonly (readonly unknown[])[] {
  const rows = Array.isArray(content) ? (content as unknown[]) : [content];
  return rows.map((row) => (Array.isArray(row) ? (row as unknown[]) : [row]));
}

/** A table as the model's inputs. @throws INVALID_TENSOR */
export function fromTable(table: Table, model: ModelInputs, answersTable: boolean): DecodedRequest {
  const { signature, keyColumn } = model;
  const schema = signature?.input;
  const isNamed = schema?.kind === 'columns' && schema.columns.every(({ name }) => name !== undefined);
  const given = isNamed ? table : withoutKey(table, keyColumn);
  const enforced = schema?.kind === 'columns' ? enforceColumns(schema.columns, given) : given;
  return {
    inputs: feedTable(withoutKey(enforced, keyColumn), model),
    keys: keyColumn === undefined ? undefined : table.columns.get(keyColumn)?.map(keyText),
    rows: answersTable ? table.rows : undefined,
  };
}

function fromTensors(content: unknown, model: ModelInputs): DecodedRequest {
  const { keyColumn } = model;
  if (!isRecord(content) || keyColumn === undefined || !Object.hasOwn(content, keyColumn)) {
    return { inputs: feedTensors(content, model), keys: undefined, rows: undefined };
  }
  const { [keyColumn]: key, ...rest } = content;
  const keys = (Array.isArray(key) ? (key as unknown[]) : [key]).map(keyText);
  return { inputs: feedTensors(rest, model), keys, rows: undefined };
}

function withoutKey(table: Table, keyColumn: string | undefined): Table {
  if (keyColumn === undefined || !table.columns.has(keyColumn)) return table;
  const columns = new Map(table.columns);
  columns.delete(keyColumn);
  return { rows: table.rows, columns };
}

function keyText(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}
