/**
 * Makes the manifests of a further team from a template: `node team.ts --team fraud --cost-center risk | kubectl apply -f -`.
 * A team under HIPAA or PCI starts from that template and so keeps its nodes, its storage class and its closed network.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const templates = {
  standard: { file: 'team-namespace.yaml', team: 'data-science', costCenter: 'engineering' },
  hipaa: { file: 'team-namespace-hipaa.yaml', team: 'clinical', costCenter: 'health' },
  pci: { file: 'team-namespace-pci.yaml', team: 'payments', costCenter: 'payments-engineering' },
};

export type Compliance = keyof typeof templates;

/** The YAML of a team's namespace and all that stands in it. Throws where a name is no DNS label. */
export async function teamManifests(team: string, costCenter: string, compliance: Compliance = 'standard') {
  for (const name of [team, costCenter]) {
    if (!/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/.test(name))
      throw new Error(`"${name}" is not a DNS label of 1 to 40 characters`);
  }
  const template = templates[compliance];
  const text = await readFile(new URL(`namespaces/${template.file}`, import.meta.url), 'utf8');
  return text
    .replaceAll(`team-${template.team}`, `team-${team}`)
    .replaceAll(`team: ${template.team}`, `team: ${team}`)
    .replaceAll(`cost-center: "${template.costCenter}"`, `cost-center: "${costCenter}"`);
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      team: { type: 'string' },
      'cost-center': { type: 'string' },
      compliance: { type: 'string', default: 'standard' },
    },
  });
  const { team, 'cost-center': costCenter, compliance } = values;
  if (!team || !costCenter || !(compliance in templates)) {
    console.error('usage: node team.ts --team NAME --cost-center NAME [--compliance standard|hipaa|pci]');
    process.exit(2);
  }
  process.stdout.write(await teamManifests(team, costCenter, compliance as Compliance));
}
