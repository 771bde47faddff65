import { catalogue } from '@mlops/errors';
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
  readonly deployments: readonly { name: string; status: string; model: string }[];
}

/** Where everything is, for a person who opens the address. */
export function homePage({ address, deployments }: HomeFacts): string {
  const first = deployments[0]?.name ?? 'NAME';
  const rows = deployments.map(
    ({ name, status, model }) =>
      `<tr><td><a href="/api/v1/deployments/${encodeURIComponent(name)}">${escape(name)}</a></td><td>${escape(status)}</td><td>${escape(model)}</td></tr>`,
  );
  const places = [
    ['Deployments', '/api/v1/deployments', 'what is served, with its revisions'],
    ['Predictions', `/api/v1/deployments/${first}/predictions`, 'what was asked and answered'],
    ['Audit', '/api/v1/audit', 'who changed what, in a chain that can be verified'],
    ['Models served', '/v2/models', 'Open Inference Protocol'],
    ['API reference', '/docs', 'the platform’s own API; /openapi.json for programs'],
    ['Metrics', '/metrics', 'for Prometheus'],
  ].map(([name, href, what]) => `<tr><td><a href="${href}">${name}</a></td><td class="soft">${what}</td></tr>`);
  return page(
    'MLOps platform',
    `<h1>MLOps platform</h1><p class="soft">One address for tracking, registry, serving and control: ${escape(address)}</p>
<h2>Deployments</h2>
<table><tr><th>name</th><th>status</th><th>model</th></tr>${rows.join('') || '<tr><td colspan="3" class="soft">none yet</td></tr>'}</table>
<h2>Places</h2><table>${places.join('')}</table>
<h2>Track from Python</h2><pre>import mlflow
mlflow.set_tracking_uri("${escape(address)}")</pre>
<h2>Deploy and predict</h2><pre>npx mlops deploy ${escape(first)} models:/${escape(first)}@champion
npx mlops predictions ${escape(first)}</pre>`,
  );
}

/** The API reference, readable without scripts. */
export function referencePage(document: OpenApi): string {
  const sections = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const { summary, tags, ...rest } = operation as { summary: string; tags: string[] } & Record<string, unknown>;
      const shown = escape(
        JSON.stringify(
          { parameters: rest.parameters, requestBody: rest.requestBody, responses: rest.responses },
          null,
          2,
        ),
      );
      const entry = `<details><summary><span class="method">${method.toUpperCase()}</span><code>${escape(path)}</code> <span class="soft">${escape(summary)}</span></summary><pre>${shown}</pre></details>`;
      const tag = tags[0] ?? '';
      sections.set(tag, [...(sections.get(tag) ?? []), entry]);
    }
  }
  const body = [...sections].map(([tag, entries]) => `<h2>${escape(tag)}</h2>${entries.join('')}`).join('');
  return page('API reference', `<h1>API reference</h1><p class="soft">${escape(document.info.description)}</p>${body}`);
}

/** The meaning of every error code; problem documents link here. */
export function errorsPage(): string {
  const rows = Object.entries(catalogue).map(
    ([code, { status, title }]) =>
      `<tr id="${code.toLowerCase().replaceAll('_', '-')}"><td><code>${code}</code></td><td>${status}</td><td>${escape(title)}</td></tr>`,
  );
  return page(
    'Errors',
    `<h1>Errors</h1><table><tr><th>code</th><th>status</th><th>meaning</th></tr>${rows.join('')}</table>`,
  );
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${STYLE}</style></head><body>${body}</body></html>`;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
