import { join } from 'node:path';
import { loadSettings } from '@mlops/configuration';
import type { FastifyInstance } from 'fastify';
import { buildFeatureServer } from '../src/index.ts';

export const MAIN = join(import.meta.dirname, '../src/main.ts');

/** A feature server without a socket of its own program, on settings as on the command line. */
export function serverOf(...argv: string[]): Promise<FastifyInstance> {
  return buildFeatureServer(loadSettings('features', { argv: [...argv, '--log-level', 'fatal'], env: {}, cwd: '/' }));
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: any;
}

/** A feature server, ours or Feast's, by its address. */
export class FeatureServer {
  readonly url: string;
  readonly isFeast: boolean;

  constructor(url: string, isFeast = false) {
    this.url = url;
    this.isFeast = isFeast;
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      parsed = undefined;
    }
    return { status: response.status, text, body: parsed };
  }

  /** What is answered for features, by column: values, statuses and times. */
  async online(request: object): Promise<Record<string, { values: any[]; statuses: string[]; times: string[] }>> {
    const { status, body, text } = await this.post('/get-online-features', request);
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return Object.fromEntries(
      body.metadata.feature_names.map((name: string, i: number) => {
        const { values, statuses, event_timestamps: times } = body.results[i];
        return [name, { values, statuses, times }];
      }),
    );
  }
}
