import { Window } from 'happy-dom';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, startPlatform, startWithExample, type TestPlatform } from './platform.ts';

/** The page as a browser shows it, after its scripts have run. */
async function visit(platform: TestPlatform, fragment = ''): Promise<{ text: string; links: string[] }> {
  const window = new Window({
    url: `${platform.url}/${fragment}`,
    settings: { enableJavaScriptEvaluation: true, suppressInsecureJavaScriptEnvironmentWarning: true },
  });
  const response = await fetch(`${platform.url}/`, { headers: { accept: 'text/html' } });
  window.document.write(await response.text());
  await window.happyDOM.waitUntilComplete();
  const text = window.document.body.textContent.replace(/const MLFLOW[\s\S]*$/, '');
  const links = [...window.document.querySelectorAll('a')].map((link) => link.getAttribute('href') ?? '');
  await window.happyDOM.close();
  return { text, links };
}

describe('the home page', () => {
  let platform: TestPlatform;
  let run = '';
  let experiment = '';
  beforeAll(async () => {
    platform = await startWithExample();
    const mlflow = async (path: string, body: object) =>
      (await call(platform, 'POST', `/api/2.0/mlflow/${path}`, body)).body;
    experiment = (await mlflow('experiments/create', { name: '<b>churn</b>' })).experiment_id;
    run = (await mlflow('runs/create', { experiment_id: experiment, run_name: 'brave-owl' })).run.info.run_id;
    await mlflow('runs/log-metric', { run_id: run, key: 'rmse', value: 0.25, timestamp: 1 });
    const row = { carrier: 5 };
    await call(platform, 'POST', '/api/v1/deployments/flight-delays/invocations', { dataframe_records: [row] });
  });
  afterAll(async () => {
    await platform.stop();
    platform.remove();
  });

  it('shows deployments, experiments, runs, models and who changed what', async () => {
    const { text } = await visit(platform);
    for (const shown of ['flight-delays/1', '<b>churn</b>', 'brave-owl', 'RUNNING', 'rmse = 0.25', '@champion = 1'])
      expect(text).toContain(shown);
    expect(text).toContain('createDeployment');
    expect(text).not.toContain('needs scripts');
  });

  it('leads to pages that a person can read, all of them there', async () => {
    const { links } = await visit(platform);
    const pages = links.filter((link) => !link.startsWith('#'));
    expect(pages).toEqual(['/docs', '/docs/errors']);
    for (const path of pages) {
      const response = await fetch(platform.url + path);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringContaining('html')]);
    }
    expect(links).toContain('#/deployments/flight-delays');
  });

  it('shows the run, the experiment, the model and the deployment that an address names', async () => {
    // MLflow's client prints the first two.
    const ofRun = await visit(platform, `#/experiments/${experiment}/runs/${run}`);
    expect(ofRun.text).toMatch(/Run brave-owl[\s\S]*metricsnamevaluermse0\.25/);
    expect((await visit(platform, `#/experiments/${experiment}`)).text).toContain('Experiment <b>churn</b>');
    expect((await visit(platform, '#/models/flight-delays')).text).toContain('Model flight-delays');
    expect((await visit(platform, '#/deployments/flight-delays')).text).toContain('Last predictions of flight-delays');
    expect((await visit(platform, '#/experiments/0/runs/nope')).text).toContain('Run with id=nope not found');
  });

  it('names no deployment where there is none', async () => {
    const empty = await startPlatform();
    const { text, links } = await visit(empty);
    expect(text).toContain('none yet');
    expect(links.filter((link) => /deployments|NAME/.test(link))).toEqual([]);
    await empty.stop();
    empty.remove();
  });
});
