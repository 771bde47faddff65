/**
 * A registered model's way into service, one step at a time: `node cicd/model.ts STEP NAME …`. The platform is that of
 * --environment, or the one at MLOPS_URL. It exits with 0, with 1 where a step failed or refused, and with 2 where it was called wrongly.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createPlatformClient, type PlatformClient, type Problem } from '@mlops/sdk';
import { Misused, main, say } from './command-line.ts';
import { contents, lineage, metric, type Verdict } from './model/gates.ts';
import { Registry } from './model/registry.ts';
import { rulesOf } from './model/rules.ts';
import { type Signer, sign, signaturePath, type Trusted, unverified } from './model/signature.ts';
import { platformOf } from './platform.ts';

const USAGE = `usage: node cicd/model.ts sign NAME VERSION [--key FILE]
       node cicd/model.ts gate NAME VERSION --trust FILE|ADDRESS [--alias champion] [--report FILE]
       node cicd/model.ts promote NAME VERSION [--deployment NAME] [--alias champion]
       node cicd/model.ts watch NAME [--deployment NAME] [--minutes 5]
       node cicd/model.ts roll-back NAME [--deployment NAME] [--alias champion]

sign        signs the files of a version and keeps the signature with its run: by a private key (--key, or MLOPS_SIGNING_KEY), or as
            the workflow that it runs in
gate        whether a version may come into service, by cicd/models/NAME.json: where it comes from, what it can do, by itself and
            beside the one in service, what it is made of, and that its files are those that were signed by who is trusted: a
            public key's file, or the address of a workflow (https://github.com/…/.github/workflows/….yml@refs/heads/main)
promote     deploys a version, and points the alias at it once it is served
watch       looks for some minutes at the predictions of the live revision: fails where too many do, or are too slow
roll-back   returns to the revision before, and the alias with it

--rules FILE         other rules than those of cicd/models/NAME.json
--environment NAME   the platform of this environment; MLOPS_URL, with MLOPS_TOKEN, names another one
--report FILE        appends to a file in Markdown what is printed`;

interface Options {
  readonly deployment: string;
  readonly alias: string;
  readonly trust: string | undefined;
  readonly key: string | undefined;
  readonly minutes: number;
  readonly report: string | undefined;
  readonly rules: string | undefined;
}

interface Platform {
  readonly client: PlatformClient;
  readonly registry: Registry;
}

type Step = (platform: Platform, name: string, version: string, options: Options) => Promise<number>;

/** A call's data. @throws with the platform's words. */
async function data<T>(call: Promise<{ data?: T; error?: Problem }>): Promise<T> {
  const { data: found, error } = await call;
  if (error) throw new Error(error.detail);
  return found as T;
}

/** Lends a folder that is gone afterwards. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-model-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const rulesFile = (name: string) => fileURLToPath(new URL(`models/${name}.json`, import.meta.url));
const path = (name: string) => ({ params: { path: { name } } });
const P95 = 0.95;
const PAGE = 1000;
const LOOK_MS = 10_000;

/** What became of the newest predictions; what a caller did wrong is no failure of the model. */
function served(predictions: readonly { readonly status: number; readonly latency_ms: number }[]) {
  const times = predictions.map(({ latency_ms: time }) => time).sort((a, b) => a - b);
  const failed = predictions.filter(({ status }) => status >= 500).length;
  return { failed, p95: times[Math.ceil(times.length * P95) - 1] ?? 0 };
}

async function gates(
  { registry }: Platform,
  name: string,
  version: string,
  { alias, trust, rules: file }: Options,
): Promise<Verdict[]> {
  if (trust === undefined)
    throw new Misused('--trust is missing: a public key, or the address of the workflow that signs');
  const trusted: Trusted = trust.startsWith('https://') ? { identity: trust } : { key: trust };
  const rules = await rulesOf(file ?? rulesFile(name));
  const candidate = await registry.version(name, version);
  const run = candidate.run_id ? await registry.run(candidate.run_id) : undefined;
  const champion = await registry.aliased(name, alias);
  const inService = champion?.run_id && champion.version !== version ? await registry.run(champion.run_id) : undefined;
  return inFolder(async (folder) => {
    const model = join(folder, 'model');
    const files = await registry.download(name, version, model);
    const signature = run && (await registry.artifactOf(run, signaturePath(name, version)));
    const signed = join(folder, 'model.sig');
    if (signature) await writeFile(signed, signature);
    const problem = signature ? await unverified(model, signed, trusted) : 'nobody has signed it';
    return [
      lineage(candidate, run, rules),
      ...rules.metrics.map((rule) => metric(rule, run, inService)),
      await contents(model, files),
      { gate: 'signature', ...(problem === undefined ? { note: trust } : { refused: problem }) },
    ];
  });
}

const steps: Readonly<Record<string, Step>> = {
  async sign({ registry }, name, version, { key }) {
    const signer: Signer = key === undefined ? 'workflow' : { key };
    const { run_id: id } = await registry.version(name, version);
    if (!id) throw new Error(`${name}/${version} has no run to keep its signature with`);
    const run = await registry.run(id);
    await inFolder(async (folder) => {
      const [model, file] = [join(folder, 'model'), join(folder, 'model.sig')];
      const files = await registry.download(name, version, model);
      await sign(model, file, signer);
      await registry.upload(run, signaturePath(name, version), file);
      console.log(`${name}/${version}: ${files.length} files are signed`);
    });
    return 0;
  },
  async gate(platform, name, version, options) {
    const verdicts = await gates(platform, name, version, options);
    const refused = verdicts.filter((one) => one.refused !== undefined);
    await say(
      options.report,
      `## ${name}/${version} ${refused.length === 0 ? 'may come into service' : 'may not come into service'}`,
      '',
      ...verdicts.map(
        ({ gate, refused: why, note }) =>
          `- ${gate}: ${why === undefined ? `passed (${note ?? ''})` : `**refused**: ${why}`}`,
      ),
    );
    return refused.length === 0 ? 0 : 1;
  },
  async promote({ client, registry }, name, version, { deployment, alias }) {
    const body = { model: `models:/${name}/${version}` };
    const known = await client.GET('/api/v1/deployments/{name}', path(deployment));
    const live = known.data?.live_revision === null ? undefined : known.data?.revision;
    if (live?.model_name === name && live.model_version === version)
      console.log(`${deployment} serves ${name}/${version} already`);
    else if (live) {
      // what is not said anew would fall back to its default
      const { options } = live;
      await data(client.PUT('/api/v1/deployments/{name}', { ...path(deployment), body: { ...body, options } }));
    } else await data(client.POST('/api/v1/deployments', { body: { name: deployment, ...body } }));
    await registry.setAlias(name, alias, version);
    const { live_revision: revision, revision: now } = await data(
      client.GET('/api/v1/deployments/{name}', path(deployment)),
    );
    console.log(
      `${deployment} serves ${name}/${version}, revision ${revision}, ${now?.digest}; ${name}@${alias} is ${version}`,
    );
    return 0;
  },
  async watch({ client }, name, _version, { deployment, minutes, rules }) {
    const { service } = await rulesOf(rules ?? rulesFile(name));
    const { live_revision: revision } = await data(client.GET('/api/v1/deployments/{name}', path(deployment)));
    if (revision === null) throw new Error(`${deployment} serves nothing`);
    const started = Date.now();
    const since = new Date(started).toISOString();
    for (;;) {
      const left = started + minutes * 60_000 - Date.now();
      await sleep(Math.min(LOOK_MS, Math.max(left, 0)));
      const query = { limit: PAGE, revision, since };
      const call = client.GET('/api/v1/deployments/{name}/predictions', {
        params: { path: { name: deployment }, query },
      });
      const { predictions } = await data(call);
      const seen = served(predictions);
      const found = `${deployment}, revision ${revision}: ${predictions.length} predictions, ${seen.failed} failed, p95 ${seen.p95} ms`;
      if (seen.failed > service.errors * predictions.length)
        throw new Error(`${found}: more than ${service.errors} failed`);
      if (seen.p95 > service.p95) throw new Error(`${found}: slower than ${service.p95} ms`);
      if (left <= 0) {
        console.log(found);
        return 0;
      }
    }
  },
  async 'roll-back'({ client, registry }, name, _version, { deployment, alias }) {
    const back = await data(client.POST('/api/v1/deployments/{name}/rollback', { ...path(deployment), body: {} }));
    const version = back.revision?.model_version;
    if (back.revision?.model_name !== name || version === undefined)
      throw new Error(`${deployment} served another model before: its alias is left alone`);
    await registry.setAlias(name, alias, version);
    console.log(
      `${deployment} serves ${name}/${version} again, revision ${back.live_revision}; ${name}@${alias} is ${version}`,
    );
    return 0;
  },
};

await main(USAGE, async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      deployment: { type: 'string' },
      alias: { type: 'string', default: 'champion' },
      trust: { type: 'string' },
      key: { type: 'string' },
      minutes: { type: 'string', default: '5' },
      report: { type: 'string' },
      rules: { type: 'string' },
      environment: { type: 'string' },
    },
  });
  const [step = '', name = '', version = '', ...more] = positionals;
  const run = steps[step];
  if (!run || more.length > 0) throw new Misused(`there is no step "${[step, ...more].join(' ')}"`);
  // the name becomes part of a file's
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name))
    throw new Misused(`"${name}" is no model's name here: small letters, digits, . _ -`);
  const ofVersion = ['sign', 'gate', 'promote'].includes(step);
  if (ofVersion !== /^[1-9]\d*$/.test(version))
    throw new Misused(`${step} takes ${ofVersion ? 'a number of a version' : 'no version'}`);
  const { deployment = name, alias, trust, key = process.env['MLOPS_SIGNING_KEY'], minutes, report, rules } = values;
  if (!(Number(minutes) > 0)) throw new Misused('--minutes is a number');
  const place = await platformOf(values.environment);
  const client = createPlatformClient(place.url);
  const { authorization } = place;
  if (authorization) client.use({ onRequest: ({ request }) => request.headers.set('authorization', authorization) });
  const platform = { client, registry: new Registry(place) };
  return run(platform, name, version, { deployment, alias, trust, key, minutes: Number(minutes), report, rules });
});
