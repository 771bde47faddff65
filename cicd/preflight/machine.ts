import { readFile } from 'node:fs/promises';
import { root } from '../../kubernetes/manifests.ts';
import { settingsFile } from '../../kubernetes/settings.ts';
import { type Check, unless } from './check.ts';

/** Programs that the guide uses, with the arguments that show that they start, and the least version where it matters. */
const programs: readonly (readonly [program: string, args: readonly string[], least?: string])[] = [
  ['terraform', ['version'], '1.11'],
  ['aws', ['--version']],
  ['kubectl', ['version', '--client']],
  ['helm', ['version', '--short'], '4.0'],
  ['session-manager-plugin', ['--version']],
  ['docker', ['--version']],
];

/** The numbers, names and addresses of the files as they are published: nobody's account. */
const examples =
  /"(123456789012|234567890123|345678901234)"|:iam::(123456789012|234567890123|345678901234):|example\.com|@company\.com/g;

const older = (version: string, least: string) => {
  const numbers = (text: string) => text.split('.').map(Number);
  const [[major = 0, minor = 0], [least_major = 0, least_minor = 0]] = [numbers(version), numbers(least)];
  return major < least_major || (major === least_major && minor < least_minor);
};

export const machine: readonly Check[] = [
  {
    title: 'the programs are installed',
    look: async ({ ask }) => {
      const answers = await Promise.all(programs.map(([program, args]) => ask(program, args)));
      return programs.flatMap(([program, , least], index) => {
        const { code = 127, stdout = '', stderr = '' } = answers[index] ?? {};
        const version = /v?(\d+\.\d+)/.exec(stdout + stderr)?.[1] ?? '0.0';
        if (code !== 0) return [{ what: `${program} does not start`, fix: `install ${program}` }];
        return unless(
          least === undefined || !older(version, least),
          `${program} ${version} is too old`,
          `install ${program} ${least} or newer`,
        );
      });
    },
  },
  {
    title: 'the settings are yours',
    look: ({ environment, settings, variables }) => {
      const found = [...new Set([...variables.matchAll(examples)].map(([text]) => text))];
      const strangers = [...variables.matchAll(/:iam::(\d{12}):/g)].filter(
        ([, account]) => account !== settings.account_id,
      );
      return Promise.resolve([
        ...unless(
          found.length === 0,
          `terraform/environments/${environment}/terraform.tfvars still has examples: ${found.join(', ')}`,
          'write your account, domain, addresses and roles there',
        ),
        ...unless(
          strangers.length === 0,
          `roles of another account than ${settings.account_id} are named`,
          'account_id and the ARNs in access_entries must be of one account',
        ),
      ]);
    },
  },
  {
    title: "the cluster's settings are Terraform's",
    look: async ({ environment }) =>
      unless(
        (await readFile(`${root}overlays/${environment}/settings.yaml`, 'utf8')) === (await settingsFile(environment)),
        `kubernetes/overlays/${environment}/settings.yaml is older than terraform.tfvars`,
        'node kubernetes/settings.ts',
      ),
  },
];
