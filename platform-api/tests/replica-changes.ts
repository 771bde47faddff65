import type { Life } from './replica-set.ts';

/** A change that a client has asked for. */
export interface Change {
  readonly action: string;
  /** The deployment's, experiment's or job's name. */
  readonly resource: string;
  /** Undefined if the process was killed before it answered. */
  readonly answer: { readonly status: number; readonly requestId: string; readonly text: string } | undefined;
}

const ROUTES = {
  createDeployment: { method: 'POST', path: () => '/api/v1/deployments' },
  updateDeployment: { method: 'PUT', path: (name: string) => `/api/v1/deployments/${name}` },
  rollbackDeployment: { method: 'POST', path: (name: string) => `/api/v1/deployments/${name}/rollback` },
  deleteDeployment: { method: 'DELETE', path: (name: string) => `/api/v1/deployments/${name}` },
  runJobNow: { method: 'POST', path: (name: string) => `/api/v1/jobs/${name}/runs` },
  createExperiment: { method: 'POST', path: () => '/api/2.0/mlflow/experiments/create' },
} as const;

export type Action = keyof typeof ROUTES;

const BODIES: Partial<Record<Action, (name: string) => unknown>> = {
  createDeployment: (name) => ({ name, model: 'models:/flight-delays@champion' }),
  updateDeployment: () => ({ model: 'models:/flight-delays@champion' }),
  rollbackDeployment: () => ({}),
  createExperiment: (name) => ({ name }),
};

/** Asks one process for a change. @throws what `fetch` throws, if nobody has killed the process */
export async function ask(life: Life, action: Action, resource: string): Promise<Change> {
  const { method, path } = ROUTES[action];
  const body = BODIES[action]?.(resource);
  const content =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const response = await fetch(`${life.url}${path(resource)}`, { method, ...content });
    const text = await response.text();
    const requestId = response.headers.get('x-request-id') ?? '';
    return { action, resource, answer: { status: response.status, requestId, text } };
  } catch (error) {
    if (life.killedAt === undefined) throw error;
    return { action, resource, answer: undefined };
  }
}

export const isMade = ({ answer }: Change): boolean => answer !== undefined && answer.status < 300;
