// npm test: all suites that this machine can run. Says which ones it skipped for want of which tool.
//   npm test -- --coverage      measures line coverage, and fails below the bar
//   npm test -- tracking        only what matches
// With MLOPS_TESTS_REQUIRE_TOOLS=1 a skipped suite is a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numFailedTestSuites: number;
  readonly success: boolean;
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly ancestorTitles: readonly string[] }[];
  }[];
}

const folder = mkdtempSync(join(tmpdir(), 'mlops-report-'));
const file = join(folder, 'report.json');
const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, [vitest, ...args], {
  stdio: 'inherit',
  cwd: join(import.meta.dirname, '..'),
  env: { ...process.env, NO_COLOR: process.stdout.isTTY ? process.env.NO_COLOR : '1' },
});
const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
rmSync(folder, { recursive: true });

const skipped = new Map<string, number>();
for (const { assertionResults } of report.testResults) {
  for (const { status: outcome, ancestorTitles } of assertionResults) {
    if (outcome !== 'skipped' && outcome !== 'pending') continue;
    const suite = ancestorTitles.find((title) => title.includes('(needs ')) ?? ancestorTitles[0] ?? '';
    skipped.set(suite, (skipped.get(suite) ?? 0) + 1);
  }
}
for (const [suite, count] of skipped) console.log(`skipped: ${suite}: ${count} tests`);

const required = process.env.MLOPS_TESTS_REQUIRE_TOOLS === '1';
const broken = report.testResults.filter(
  (each) => each.status === 'failed' && each.assertionResults.length === 0,
).length;
const failed = report.numFailedTests + broken;
const counts = `${report.numPassedTests} passed, ${failed} failed`;
if (required && report.numPendingTests > 0) console.log('Every tool is required here: a skipped suite is a failure.');
if (status !== 0 && failed === 0) console.log('The run failed although no test did: the lines above say why.');
console.log(report.numPendingTests > 0 ? `${counts}, ${report.numPendingTests} skipped` : counts);
process.exitCode = status !== 0 || (required && report.numPendingTests > 0) ? 1 : 0;
