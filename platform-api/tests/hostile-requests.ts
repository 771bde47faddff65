import { featureOperations } from '@mlops/features';
import { inferenceOperations } from '@mlops/inference';
import { trackingOperations } from '@mlops/tracking';
import { openApi } from '../src/index.ts';
import { FILTERS, METHODS, NUMBERS, ORDERS, PATHS, RAW, TEXTS, TOKENS, TYPES } from './hostile-values.ts';
import { golden } from './platform.ts';

// Requests that nobody means well, one like the other for one seed: made from the tables of operations, so that a new
// operation is covered without a line here.

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
}

/** What exists on the platform: with it, a part of the requests comes further than the first check. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}
type OpenApiOperation = {
  readonly operationId: string;
  readonly parameters: readonly { name: string; in: string; schema: Schema }[];
  readonly requestBody?: { content: Record<string, { schema: Schema }> };
};

/** Marsaglia's xorshift, 32 bits: numbers from 0 to 1 that depend on the seed alone. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export class HostileRequests {
  readonly #random: () => number;
  readonly #known: Known;
  readonly #kinds = [
    ...Object.values(trackingOperations).map((row) => () => this.#tracking(row)),
    ...Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, row]) =>
          () =>
            this.#own(method.toUpperCase(), path, row as OpenApiOperation),
      ),
    ),
    ...Object.values(inferenceOperations).map((row) => () => this.#inference(row.method, row.path)),
    ...Object.values(featureOperations).map((row) => () => {
      return json(row.method, row.path, this.#text(this.#object(row.request as unknown as Schema)));
    }),
    ...Array.from({ length: 8 }, () => () => this.#inference('POST', '/api/v1/deployments/:name/invocations')),
    ...Array.from({ length: 6 }, () => () => this.#artifact()),
    ...Array.from({ length: 3 }, () => () => this.#page()),
  ];

  constructor(seed: number, known: Known) {
    this.#random = randomNumbers(seed);
    this.#known = known;
  }

  next(): HostileRequest {
    return this.#spoil(this.#pick(this.#kinds)());
  }

  #tracking({ method, path, request }: { method: string; path: string; request: unknown }): HostileRequest {
    const values = this.#object(request as Schema);
    const filled = this.#fill(path.replace(/:(\w+)/g, '{$1}'));
    const address = `${this.#pick(['/api', '/ajax-api'])}/2.0/mlflow${filled}`;
    if (method === 'GET') return { method, path: `${address}?${this.#query(values)}`, headers: {}, body: undefined };
    return json(method, address, this.#text(values));
  }

  #own(method: string, path: string, { operationId, parameters, requestBody }: OpenApiOperation): HostileRequest {
    // Loading a model takes long: most deployments ask for one that is not there.
    const deploys = /Deployment$/.test(operationId) && this.#chance(0.97);
    const query = parameters.filter((each) => each.in === 'query' && this.#chance(0.4));
    const values = query.map(({ name, schema }) => [name, this.#value(name, schema)] as const);
    const address = `${this.#fill(path)}?${this.#query(values)}`;
    if (!requestBody) return { method, path: address, headers: {}, body: undefined };
    const body = this.#object(requestBody.content['application/json']?.schema ?? {});
    const shown = deploys
      ? body.map(([key, value]) => [key, key === 'model' ? 'models:/none/1' : value] as const)
      : body;
    return json(method, address, this.#text(shown));
  }

  #inference(method: string, template: string): HostileRequest {
    const name = encodeURIComponent((this.#chance(0.7) ? 'flight-delays' : this.#pick(TEXTS)).toWellFormed());
    const verb = template === '/v1/models/:name' && method === 'POST' ? ':predict' : '';
    const path = template.replace(':name', name.replaceAll('$', '')) + verb;
    if (method === 'GET') return { method, path, headers: {}, body: undefined };
    const { columns, data } = golden.dataframe_split;
    const row = columns.map((column, i) => (this.#chance(0.1) ? this.#anything(2) : (data[0]?.[i] ?? column)));
    const shape = () =>
      this.#chance(0.8) ? [1] : this.#pick([[], [0], [-1], [1e9, 0], [2 ** 53], [1, 1], ['1'], {}, [1e300]]);
    const type = () =>
      this.#chance(0.9) ? undefined : this.#pick(['FP16', 'BYTES', 'INT64', 'UINT64', 'BOOL', 'constructor', 5]);
    const tensors = columns.map((column, i) => {
      const datatype = type() ?? (typeof data[0]?.[i] === 'string' ? 'BYTES' : 'FP64');
      return { name: this.#chance(0.97) ? column : this.#pick(TEXTS), datatype, shape: shape(), data: [row[i]] };
    });
    const bodies: unknown[] = [
      { id: this.#chance(0.5) ? 'id' : this.#anything(1), inputs: tensors, parameters: this.#anything(2) },
      { inputs: tensors, outputs: [{ name: this.#pick(TEXTS), parameters: this.#anything(1) }] },
      { dataframe_split: { columns, data: [row, row] }, params: this.#anything(2) },
      { dataframe_records: [Object.fromEntries(columns.map((column, i) => [column, row[i]])), this.#anything(2)] },
      { instances: [Object.fromEntries(columns.map((column, i) => [column, row[i]]))] },
      { inputs: Object.fromEntries(columns.map((column, i) => [column, [row[i]]])), constructor: 1 },
      this.#anything(4),
    ];
    if (this.#chance(0.15)) {
      const csv = `${columns.join(',')}\n${row.map(asText).join(',')}\n${this.#pick(TEXTS)},"`;
      return { method, path, headers: { 'content-type': 'text/csv' }, body: csv };
    }
    return json(method, path, this.#raw(JSON.stringify(this.#pick(bodies))));
  }

  #artifact(): HostileRequest {
    const base = `${this.#pick(['/api', '/ajax-api'])}/2.0/mlflow-artifacts`;
    const place = this.#pick(['artifacts', 'artifacts', 'artifacts', 'mpu/create', 'mpu/complete', 'presigned']);
    const written = this.#pick(['fuzz/a.txt', 'fuzz/b', ...TEXTS]);
    const path = this.#chance(0.5) ? encodeURIComponent(written.toWellFormed()) : written.replace(/[^\x21-\x7e]/g, '');
    const headers = this.#chance(0.3)
      ? { range: this.#pick(['bytes=0-', 'bytes=5-1', 'bytes=99-', 'bytes=-1', 'x']) }
      : {};
    if (this.#chance(0.3)) {
      const query = this.#query([['path', written], ...(this.#chance(0.2) ? [['path', 'b'] as const] : [])]);
      return { method: 'GET', path: `${base}/artifacts?${query}`, headers, body: undefined };
    }
    const method = this.#pick(['GET', 'PUT', 'DELETE', 'POST']);
    const body = method === 'PUT' ? this.#pick(['hello', '', '\u0000']) : undefined;
    return { method, path: `${base}/${place}/${path}`, headers, body };
  }

  #page(): HostileRequest {
    const accept = this.#pick(['text/html', 'application/json', '*/*', 'x']);
    const query = this.#query([[this.#pick(TEXTS), this.#pick(TEXTS)]]);
    return { method: 'GET', path: `${this.#pick(PATHS)}?${query}`, headers: { accept }, body: undefined };
  }

  /** Spoils a part of the requests as a whole: method, type, token, coding, length. */
  #spoil(request: HostileRequest): HostileRequest {
    const { path, body } = request;
    const headers = { ...request.headers };
    let { method } = request;
    if (this.#chance(0.03)) method = this.#pick(METHODS);
    if (this.#chance(0.05)) headers.authorization = this.#pick(TOKENS);
    if (this.#chance(0.04) && body !== undefined) headers['content-type'] = this.#pick(TYPES);
    if (this.#chance(0.02) && body !== undefined)
      headers['content-encoding'] = this.#pick(['gzip', 'br', 'identity', 'x']);
    if (this.#chance(0.01)) headers['x-request-id'] = 'constructor';
    const cut = typeof body === 'string' && this.#chance(0.04) ? body.slice(0, this.#random() * body.length) : body;
    return {
      method,
      path,
      headers,
      body: this.#chance(0.01) && cut !== undefined ? Buffer.from([0xff, 0xfe, 0, 0x7b]) : cut,
    };
  }

  #fill(path: string): string {
    return path.replace(/\{(\w+)\}/g, (_match, name: string) => {
      const text = asText(this.#value(name, { type: 'string' })).slice(0, 1000);
      return this.#chance(0.9) ? encodeURIComponent(text.toWellFormed()) : 'x%';
    });
  }

  /** Some fields of a schema, the required ones mostly, and now and then one that nobody knows. */
  #object({ properties = {}, required = [] }: Schema): (readonly [string, unknown])[] {
    const fields = Object.entries(properties).filter(([name]) => this.#chance(required.includes(name) ? 0.97 : 0.4));
    const pairs: (readonly [string, unknown])[] = fields.map(([name, schema]) => [name, this.#value(name, schema)]);
    if (this.#chance(0.1)) pairs.push([this.#pick(TEXTS), this.#anything(2)]);
    return pairs;
  }

  #value(name: string, schema: Schema): unknown {
    const known = this.#known[name];
    if (known && this.#chance(0.6)) return this.#pick(known);
    if (this.#chance(0.08)) return this.#anything(3);
    if (name === 'filter') return this.#pick(FILTERS);
    if (name === 'order_by' && schema.items?.type !== 'object')
      return Array.from({ length: this.#length() }, () => this.#pick(ORDERS));
    if (name === 'page_token') return this.#pageToken();
    const alternatives = schema.enum ?? [];
    if (alternatives.length > 0 && this.#chance(0.7)) return this.#pick(alternatives);
    if (schema.anyOf) return this.#value(name, this.#pick(schema.anyOf));
    switch (schema.type) {
      case 'integer':
      case 'number':
        return this.#chance(0.3) ? Math.floor(this.#random() * 20) : this.#pick<unknown>([...NUMBERS, ...TEXTS]);
      case 'boolean':
        return this.#pick<unknown>([true, false, 'true', 'no', 1]);
      case 'array':
        return Array.from({ length: this.#length() }, () => this.#value('', schema.items ?? {}));
      case 'object':
        return Object.fromEntries(this.#object(schema));
      default:
        return this.#chance(0.5) ? `fuzz-${Math.floor(this.#random() * 20)}` : this.#pick(TEXTS);
    }
  }

  #pageToken(): string {
    const content = this.#pick<unknown>([
      [1e300, 'a'],
      ['a', 1],
      [1],
      { offset: 1e300 },
      { offset: -1 },
      { offset: 5 },
      null,
    ]);
    return this.#pick([Buffer.from(JSON.stringify(content)).toString('base64url'), this.#pick(TEXTS), '9'.repeat(30)]);
  }

  #anything(depth: number): unknown {
    const choice = this.#random();
    if (choice < 0.35) return this.#pick(TEXTS);
    if (choice < 0.6) return this.#pick(NUMBERS);
    if (choice < 0.7) return this.#pick<unknown>([null, true, false]);
    if (choice < 0.73) return nested(this.#pick([90, 150, 3000]));
    if (depth === 0) return [];
    const items = Array.from({ length: this.#length() }, () => this.#anything(depth - 1));
    return choice < 0.85 ? items : Object.fromEntries(items.map((item) => [this.#pick(TEXTS), item]));
  }

  #query(values: readonly (readonly [string, unknown])[]): string {
    const query = new URLSearchParams();
    for (const [name, value] of values) {
      for (const each of Array.isArray(value) ? value.slice(0, 20) : [value]) {
        query.append(name, asText(each).slice(0, 4000));
        if (this.#chance(0.03)) query.append(name, 'again');
      }
    }
    return query.toString().slice(0, 8000);
  }

  /** An object as JSON, written field by field: names may come twice. */
  #text(pairs: readonly (readonly [string, unknown])[]): string {
    const fields = pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value) ?? 'null'}`);
    if (fields.length > 0 && this.#chance(0.03)) fields.push(fields[0] ?? '');
    return this.#raw(`{${fields.join(',')}}`);
  }

  /** Now and then a value gives way to what is no JSON, or is no number of any language. */
  #raw(text: string): string {
    if (!this.#chance(0.08)) return text;
    const colon = text.indexOf(':', this.#random() * text.length);
    return colon < 0 ? text : `${text.slice(0, colon + 1)}${this.#pick(RAW)}${text.slice(colon + 2)}`;
  }

  #length(): number {
    return this.#chance(0.9) ? Math.floor(this.#random() * 4) : this.#pick([40, 120, 600]);
  }

  #chance(probability: number): boolean {
    return this.#random() < probability;
  }

  #pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.#random() * items.length)] as T;
  }
}

/** Objects as JSON: their own `toString` may be anything. */
function asText(value: unknown): string {
  return typeof value === 'object' ? (JSON.stringify(value) ?? '') : String(value);
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

function json(method: string, path: string, body: string): HostileRequest {
  return { method, path, headers: { 'content-type': 'application/json' }, body };
}
