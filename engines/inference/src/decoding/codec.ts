import { PlatformError } from '@mlops/errors';
import type { DecodedRequest, InferRequest, Protocol, Tensor, TensorMetadata, WireRequest } from '../engine.ts';
import { checkInputs, checkNoneMissing, checkOutputs } from '../scoring/checks.ts';
import { decodeInvocations, decodePredict, fromTable, invocationsTable, predictTable } from '../scoring/decode.ts';
import { encodeInvocations, encodePredict } from '../scoring/encode.ts';
import type { ModelInputs } from '../scoring/signature.ts';
import type { Table } from '../scoring/table.ts';
import { readCsv } from '../wire/csv.ts';
import { parseJson } from '../wire/json.ts';
import { checkCsvSize, checkJsonSize, checkTexts } from '../wire/limits.ts';
import { decodeV2, encodeV2, requestId, tableOfV2 } from '../wire/v2.ts';

export interface ModelShape extends ModelInputs {
  readonly outputs: readonly TensorMetadata[];
}

/** What an answer is written from. */
export interface Answered {
  readonly protocol: Protocol;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly outputs: readonly Tensor[];
  readonly rows: number | undefined;
}

/** @throws MALFORMED_REQUEST, INVALID_TENSOR, INVALID_PARAMETER, UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE */
export function decode({ protocol, bytes, contentType }: WireRequest, model: ModelShape): DecodedRequest {
  const decoded = decodeBody({ protocol, bytes, contentType }, model);
  checkTexts(...decoded.inputs.flatMap(({ data }) => (Array.isArray(data) ? [data] : [])), decoded.keys ?? []);
  return decoded;
}

function decodeBody({ protocol, bytes, contentType }: WireRequest, model: ModelShape): DecodedRequest {
  if (protocol === 'invocations') {
    checkCharset(contentType);
    const isCsv = /^\s*text\/csv\b/i.test(contentType);
    if (!isCsv) return decodeInvocations(objectBody(readJson(bytes)), model);
    checkCsvSize(bytes);
    return decodeInvocations({ dataframe_split: readCsv(textOf(bytes)) }, model);
  }
  const body = readJson(bytes);
  if (protocol === 'v1') return decodePredict(objectBody(body), model);
  const id = requestId(body);
  const request = decodeV2(body, model);
  // Each tensor has been checked while it was read.
  const { inputs, keys } = withoutKeys(request, model);
  checkNoneMissing(model.inputs, inputs);
  checkOutputs(model.outputs, request.outputs);
  return { ...request, inputs, keys, id, rows: undefined };
}

/** A request as a table whose columns need not be the model's yet. */
export interface AskedTable {
  readonly table: Table;
  readonly id: string | undefined;
  readonly outputs: readonly string[] | undefined;
  /** Whether the answer is a table as well. */
  readonly answersTable: boolean;
}

/** As `decode`, before the model's inputs are looked for. */
export function decodeTable({ protocol, bytes, contentType }: WireRequest, model: ModelShape): AskedTable {
  const plain = { id: undefined, outputs: undefined, answersTable: true };
  if (protocol === 'invocations') {
    checkCharset(contentType);
    const isCsv = /^\s*text\/csv\b/i.test(contentType);
    if (isCsv) checkCsvSize(bytes);
    const body = isCsv ? { dataframe_split: readCsv(textOf(bytes)) } : objectBody(readJson(bytes));
    return { table: invocationsTable(body, model), ...plain };
  }
  const body = readJson(bytes);
  if (protocol === 'v1') return { table: predictTable(objectBody(body)), ...plain };
  const { table, outputs } = tableOfV2(body);
  return { table, id: requestId(body), outputs, answersTable: false };
}

/** A table against the model. @throws as `decode` */
export function decodeAsked({ table, id, outputs, answersTable }: AskedTable, model: ModelShape): DecodedRequest {
  const decoded = fromTable(table, model, answersTable);
  checkOutputs(model.outputs, outputs);
  checkTexts(...decoded.inputs.flatMap(({ data }) => (Array.isArray(data) ? [data] : [])), decoded.keys ?? []);
  return { ...decoded, id, ...(outputs === undefined ? {} : { outputs }) };
}

/** A request of tensors against the model. @throws INVALID_TENSOR */
export function checked(request: InferRequest, model: ModelShape) {
  const { inputs, keys } = withoutKeys(request, model);
  checkInputs(model.inputs, inputs);
  checkOutputs(model.outputs, request.outputs);
  return { inputs, keys };
}

/** The key column is the caller's, not the model's. */
function withoutKeys({ inputs }: InferRequest, { keyColumn }: ModelShape) {
  const key = keyColumn === undefined ? undefined : inputs.find(({ name }) => name === keyColumn);
  if (!key) return { inputs, keys: undefined };
  return { inputs: inputs.filter((input) => input !== key), keys: Array.from(key.data as ArrayLike<unknown>, String) };
}

/** The answer's JSON. */
export function encode({ protocol, id, name, version, outputs, rows }: Answered): string {
  if (protocol === 'v2') return JSON.stringify(encodeV2(id, name, version, outputs));
  const predictions = protocol === 'v1' ? encodePredict(outputs) : encodeInvocations(outputs, rows);
  return JSON.stringify({ predictions });
}

function readJson(bytes: Uint8Array<ArrayBuffer>): unknown {
  checkJsonSize(bytes);
  return parseJson(textOf(bytes));
}

function textOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('utf8');
}

/** @throws MALFORMED_REQUEST */
function objectBody(body: unknown): Record<string, unknown> {
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  throw new PlatformError('MALFORMED_REQUEST', 'The request body must be a JSON object.');
}

/** The only parameter that MLflow's scoring protocol knows is the charset. @throws UNSUPPORTED_MEDIA_TYPE */
function checkCharset(contentType: string): void {
  const [, ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  for (const parameter of parameters) {
    const [name, value = ''] = parameter.split('=');
    if (name === '') continue;
    if (name !== 'charset') {
      throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', `Unrecognized content type parameters: ${name}.`);
    }
    if (value.replaceAll('"', '') !== 'utf-8') {
      throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', 'The scoring server only supports UTF-8.');
    }
  }
}
