import { expect } from 'vitest';

/** Which server a suite talks to: our engine, also in a second workspace, or the real MLflow, itself or behind our routes. */
export type Implementation = 'sqlite' | 'postgres' | 'workspace' | 'mlflow' | 'remote';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, any>;
}

/** An MLflow server as a test talks to it. */
export class Server {
  readonly url: string;
  readonly implementation: Implementation;

  constructor(url: string, implementation: Implementation) {
    this.url = url;
    this.implementation = implementation;
  }

  /** Whether the real server answers: where it is known to be wrong, a test says so. */
  get isUpstream(): boolean {
    return this.implementation === 'mlflow' || this.implementation === 'remote';
  }

  /** Below which new experiments keep their artifacts. */
  get artifactRoot(): string {
    return this.implementation === 'workspace' ? 'mlflow-artifacts:/workspaces/team-b' : 'mlflow-artifacts:';
  }

  get(path: string, query: Record<string, string> = {}): Promise<Answer> {
    return this.#send(`${path}?${new URLSearchParams(query)}`, {});
  }

  post(path: string, body: unknown, method = 'POST'): Promise<Answer> {
    return this.#send(path, { method, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  }

  /** A call that must succeed. */
  async ok(path: string, body: unknown, method = 'POST'): Promise<Answer['body']> {
    const answer = await this.post(path, body, method);
    expect(answer, `${method} ${path}`).toMatchObject({ status: 200 });
    return answer.body;
  }

  async found(path: string, query: Record<string, string>): Promise<Answer['body']> {
    const answer = await this.get(path, query);
    expect(answer, path).toMatchObject({ status: 200 });
    return answer.body;
  }

  async experiment(name = unique('experiment')): Promise<string> {
    return (await this.ok('experiments/create', { name })).experiment_id;
  }

  async run(experiment_id: string, more: object = {}): Promise<string> {
    return (await this.ok('runs/create', { experiment_id, start_time: Date.now(), ...more })).run.info.run_id;
  }

  async #send(path: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(`${this.url}/api/2.0/mlflow/${path}`, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return { status: response.status, body: isJson ? JSON.parse(text) : { text } };
  }
}

let count = 0;

export function unique(what: string): string {
  count += 1;
  return `${what}-${process.pid}-${count}-${Math.random().toString(36).slice(2, 8)}`;
}

export function refused(answer: Answer, status: number, code: string): void {
  expect(answer).toMatchObject({ status, body: { error_code: code } });
  expect(typeof answer.body.message).toBe('string');
}
