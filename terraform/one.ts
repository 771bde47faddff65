import { workingCopy } from '/tmp/tfm/terraform/terraform.ts';
import { startAwsMock } from '/tmp/tfm/terraform/tests/aws-mock.ts';

const env = process.argv[2];
const mock = await startAwsMock({ dev: '123456789012', staging: '234567890123', prod: '345678901234' }[env]!);
const copy = workingCopy('/tmp/tfm/terraform/environments/' + env, 'terraform {\n  backend "local" {}\n}\n');
console.log(copy.folder, mock.url);
const t0 = Date.now();
const step = async (name: string, ...args: string[]) => {
  try {
    const o = await copy.run([...args, '-no-color'], mock.environment);
    console.log(name, ((Date.now() - t0) / 1000).toFixed(0) + 's', o.trim().split('\n').slice(-2).join(' | '));
  } catch (e) {
    console.log(name, 'FAILED', ((Date.now() - t0) / 1000).toFixed(0), String((e as Error).message).slice(-5000));
    await mock.stop();
    process.exit(1);
  }
};
await step('init', 'init');
await step('apply', 'apply', '-auto-approve', '-parallelism=40');
await step('plan', 'plan', '-detailed-exitcode');
await step('destroy', 'destroy', '-auto-approve', '-parallelism=40');
copy.remove();
await mock.stop();
