import { catalogue } from '@mlops/errors';
import type { Operation } from '@mlops/operations';
import type { openApiDocument } from './openapi.ts';

type OpenApi = ReturnType<typeof openApiDocument>;

const STYLE = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 6%, transparent); }
body { font: 15px/1.55 system-ui, sans-serif; max-width: 62rem; margin: 2.5rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2.25rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
code, pre { font: 13px/1.5 ui-monospace, monospace; } pre { background: var(--soft); padding: .75rem 1rem; border-radius: .4rem; overflow-x: auto; }
.method { display: inline-block; min-width: 4.75rem; font-weight: 600; } .soft { opacity: .7; } summary { cursor: pointer; padding: .35rem 0; }
`;

export interface HomeFacts {
  readonly address: string;
  /** Whether people must sign in, and who has. */
  readonly signsIn: boolean;
  readonly visitor: { readonly id: string; readonly csrf: string } | undefined;
  readonly deployments: readonly { name: string; status: string; model: string }[];
}

/** Where everything is, for a person who opens the address; MLflow's clients print addresses that end here too. */
export function homePage({ address, deployments, signsIn, visitor }: HomeFacts): string {
  const first = deployments[0]?.name ?? 'NAME';
  const rows = deployments.map(
    ({ name, status, model }) =>
      `<tr><td>${escapeHtml(name)}</td><td>${escapeHtml(status)}</td><td>${escapeHtml(model)}</td><td><a href="#/deployments/${encodeURIComponent(name)}">last predictions</a></td></tr>`,
  );
  const programs = [
    [
      '/api/v1',
      'deployments, predictions, audit, quotas; <a href="/docs">reference</a>, <a href="/docs/errors">errors</a>',
    ],
    ['/api/2.0/mlflow', 'MLflow’s tracking and registry'],
    ['/v2/models', 'Open Inference Protocol; KServe V1 below /v1/models'],
    ['/openapi.json', 'the platform’s own API as an OpenAPI document'],
    ['/metrics', 'for Prometheus'],
  ].map(([path, what]) => `<tr><td><code>${path}</code></td><td class="soft">${what}</td></tr>`);
  const filled = (id: string, title: string) =>
    `<h2>${title}</h2><div id="${id}" class="soft">This part needs scripts.</div>`;
  return htmlPage(
    'MLOps platform',
    `<h1><a href="#/">MLOps platform</a></h1><p class="soft">One address for tracking, registry, serving and control: ${escapeHtml(address)}</p>
${whoIs(signsIn, visitor)}<div id="named"></div>
<h2>Deployments</h2>
<table><tr><th>name</th><th>status</th><th>model</th><th></th></tr>${rows.join('') || '<tr><td colspan="4" class="soft">none yet</td></tr>'}</table>
${filled('experiments', 'Experiments')}${filled('runs', 'Newest runs')}${filled('models', 'Registered models')}${filled('audit', 'Who changed what')}
<h2>For programs</h2><table>${programs.join('')}</table>
<h2>Track from Python</h2><pre>import mlflow
mlflow.set_tracking_uri("${escapeHtml(address)}")</pre>
<h2>Deploy and predict</h2><pre>npx mlops deploy ${escapeHtml(first)} models:/${escapeHtml(first)}@champion
npx mlops predictions ${escapeHtml(first)}</pre>
<script type="module">${HOME_SCRIPT}</script>`,
  );
}

function whoIs(signsIn: boolean, visitor: HomeFacts['visitor']): string {
  if (!signsIn) return '';
  if (!visitor) return '<p><a href="/login">Sign in</a></p>';
  return `<p data-csrf="${escapeHtml(visitor.csrf)}">Signed in as ${escapeHtml(visitor.id)} · <a href="/logout" id="sign-out">sign out</a></p>`;
}

/** Fills the home page from the same address's interfaces, and shows what the fragment names. Text goes in as text only. */
const HOME_SCRIPT = `
const MLFLOW = '/ajax-api/2.0/mlflow/';
const csrf = document.querySelector('[data-csrf]')?.dataset.csrf;
document.getElementById('sign-out')?.addEventListener('click', async (event) => {
  event.preventDefault();
  await fetch('/api/v1/sessions/current', { method: 'DELETE', headers: { 'x-csrf-token': csrf } });
  location.assign('/logout');
});
async function ask(path, body) {
  const headers = { 'content-type': 'application/json', ...(csrf && { 'x-csrf-token': csrf }) };
  const init = body && { method: 'POST', headers, body: JSON.stringify(body) };
  const answer = await fetch(path, init);
  const read = await answer.json();
  if (!answer.ok) throw new Error(read.message ?? read.detail ?? path);
  return read;
}
function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}
function link(text, ...path) {
  const made = element('a', text);
  made.href = '#/' + path.map(encodeURIComponent).join('/');
  return made;
}
function table(head, rows) {
  if (rows.length === 0) return element('p', 'none yet');
  const line = (kind, cells) => element('tr', ...cells.map((cell) => element(kind, cell ?? '')));
  return element('table', line('th', head), ...rows.map((cells) => line('td', cells)));
}
const pairs = (items = []) => items.map(({ key, value }) => key + ' = ' + value).join(', ');
const time = (milliseconds) => (milliseconds ? new Date(milliseconds).toISOString() : '');
async function fill(id, make) {
  const place = document.getElementById(id);
  try {
    place.replaceChildren(...[await make()].flat());
    place.className = '';
  } catch (error) {
    place.replaceChildren(element('p', error.message));
  }
}
function runsTable(runs = []) {
  return table(
    ['run', 'status', 'started', 'metrics'],
    runs.map(({ info, data }) => [
      link(info.run_name, 'experiments', info.experiment_id, 'runs', info.run_id),
      info.status, time(info.start_time), pairs(data.metrics),
    ]),
  );
}
async function showRun(run_id) {
  const { run } = await ask(MLFLOW + 'runs/get?' + new URLSearchParams({ run_id }));
  const { info, data } = run;
  return [
    element('h2', 'Run ' + info.run_name),
    table(['id', 'status', 'started', 'ended', 'artifacts'], [[info.run_id, info.status, time(info.start_time), time(info.end_time), info.artifact_uri]]),
    ...['metrics', 'params', 'tags'].flatMap((kind) => [
      element('h2', kind),
      table(['name', 'value'], (data[kind] ?? []).map(({ key, value }) => [key, String(value)])),
    ]),
  ];
}
async function showExperiment(experiment_id) {
  const { experiment } = await ask(MLFLOW + 'experiments/get?' + new URLSearchParams({ experiment_id }));
  const { runs } = await ask(MLFLOW + 'runs/search', { experiment_ids: [experiment_id], max_results: 100 });
  return [element('h2', 'Experiment ' + experiment.name), runsTable(runs)];
}
async function showModel(name) {
  const filter = "name = '" + name.replaceAll("'", '') + "'";
  const { model_versions = [] } = await ask(MLFLOW + 'model-versions/search?' + new URLSearchParams({ filter, max_results: 100 }));
  const rows = model_versions.map((each) => [each.version, (each.aliases ?? []).join(', '), each.status, time(each.creation_timestamp)]);
  return [element('h2', 'Model ' + name), table(['version', 'aliases', 'status', 'created'], rows)];
}
async function showPredictions(name) {
  const { predictions } = await ask('/api/v1/deployments/' + encodeURIComponent(name) + '/predictions?limit=20');
  const rows = predictions.map((each) => [
    each.time, each.key ?? each.id, String(each.revision ?? ''), String(each.status),
    JSON.stringify(each.outputs), each.actual ? String(each.actual.value) : '', each.error ?? '',
  ]);
  return [element('h2', 'Last predictions of ' + name), table(['time', 'key', 'revision', 'status', 'outputs', 'actual', 'error'], rows)];
}
function showNamed() {
  return fill('named', async () => {
    const [kind, id, below, belowId] = location.hash.replace(/^#\\/?/, '').split(/[/?]/).map(decodeURIComponent);
    if (kind === 'experiments' && below === 'runs' && belowId) return showRun(belowId);
    if (kind === 'experiments' && id) return showExperiment(id);
    if (kind === 'models' && id) return showModel(id);
    if (kind === 'deployments' && id) return showPredictions(id);
    return [];
  });
}
addEventListener('hashchange', showNamed);
showNamed();
const experiments = ask(MLFLOW + 'experiments/search', { max_results: 20, order_by: ['last_update_time DESC'] });
fill('experiments', async () => {
  const { experiments: found = [] } = await experiments;
  return table(['name', 'id', 'changed'], found.map((each) => [link(each.name, 'experiments', each.experiment_id), each.experiment_id, time(each.last_update_time)]));
});
fill('runs', async () => {
  const { experiments: found = [] } = await experiments;
  const experiment_ids = found.map((each) => each.experiment_id);
  return runsTable((await ask(MLFLOW + 'runs/search', { experiment_ids, max_results: 20 })).runs);
});
fill('models', async () => {
  const { registered_models: found = [] } = await ask(MLFLOW + 'registered-models/search?max_results=100');
  const rows = found.map((each) => [
    link(each.name, 'models', each.name), each.latest_versions?.at(-1)?.version,
    (each.aliases ?? []).map(({ alias, version }) => '@' + alias + ' = ' + version).join(', '),
  ]);
  return table(['name', 'newest version', 'aliases'], rows);
});
fill('audit', async () => {
  const { entries } = await ask('/api/v1/audit?limit=10');
  return table(['time', 'who', 'action', 'resource', 'outcome'], entries.map((each) => [each.time, each.actor.id, each.action, each.resource.type + ' ' + each.resource.id, each.outcome]));
});
`;

/** A protocol of other people's clients, by its rows. */
export interface ProtocolTable {
  readonly title: string;
  readonly prefix: string;
  readonly operations: readonly Pick<Operation, 'method' | 'path'>[];
}

/** The API reference, readable without scripts. */
export function referencePage(document: OpenApi, protocols: readonly ProtocolTable[]): string {
  const sections = new Map<string, string[]>(document.tags.map(({ name }) => [name, []]));
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const { summary, tags, ...rest } = operation as { summary: string; tags: string[] } & Record<string, unknown>;
      const shown = escapeHtml(
        JSON.stringify(
          { parameters: rest.parameters, requestBody: rest.requestBody, responses: rest.responses },
          null,
          2,
        ),
      );
      const entry = `<details><summary><span class="method">${method.toUpperCase()}</span><code>${escapeHtml(path)}</code> <span class="soft">${escapeHtml(summary)}</span></summary><pre>${shown}</pre></details>`;
      const tag = tags[0] ?? '';
      sections.set(tag, [...(sections.get(tag) ?? []), entry]);
    }
  }
  const body = document.tags.map(
    ({ name, description }) =>
      `<h2>${escapeHtml(name)}</h2><p class="soft">${escapeHtml(description)}</p>${sections.get(name)?.join('') ?? ''}`,
  );
  const others = protocols.map(({ title, prefix, operations }) => {
    const rows = operations.map(
      ({ method, path }) =>
        `<tr><td><span class="method">${method}</span><code>${escapeHtml(prefix + path)}</code></td></tr>`,
    );
    return `<h2>${escapeHtml(title)}</h2><table>${rows.join('')}</table>`;
  });
  const about = `<h1>API reference</h1><p class="soft">${escapeHtml(document.info.description)}</p>`;
  return htmlPage('API reference', about + body.join('') + others.join(''));
}

/** The meaning of every error code; problem documents link here. */
export function errorsPage(): string {
  const rows = Object.entries(catalogue).map(
    ([code, { status, title }]) =>
      `<tr id="${code.toLowerCase().replaceAll('_', '-')}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title)}</td></tr>`,
  );
  return htmlPage(
    'Errors',
    `<h1>Errors</h1><table><tr><th>code</th><th>status</th><th>meaning</th></tr>${rows.join('')}</table>`,
  );
}

/** A page of the platform. @param body HTML */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
