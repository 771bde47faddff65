import { resolveNs } from 'node:dns/promises';
import { contract } from '../../kubernetes/contract.ts';
import lock from '../../kubernetes/images/images.lock.json' with { type: 'json' };
import { at, type Check, listAt, type Missing, unless } from './check.ts';

const plain = (name: string) => name.toLowerCase().replace(/\.$/, '');

export const cluster: readonly Check[] = [
  {
    title: 'the parent domain leads to the zone',
    look: async ({ aws, settings: { domain } }) => {
      const zones = listAt(await aws('route53', 'list-hosted-zones-by-name', `--dns-name=${domain}`), 'HostedZones');
      const zone = zones.find((one) => plain(String(at(one, 'Name'))) === domain);
      if (!zone) return [{ what: `there is no zone ${domain}`, fix: 'terraform apply' }];
      const found = await aws('route53', 'get-hosted-zone', `--id=${String(at(zone, 'Id'))}`);
      const servers = listAt(found, 'DelegationSet', 'NameServers').map((one) => plain(String(one)));
      const known = (await resolveNs(domain).catch(() => [])).map(plain);
      return unless(
        servers.length > 0 && servers.every((server) => known.includes(server)),
        `the internet does not find ${domain} at ${servers.join(', ')}`,
        'enter these as NS records of the parent domain: certificates need them',
      );
    },
  },
  {
    title: 'the secrets have their content',
    look: async ({ aws, environment }) => {
      const missing: Missing[] = [];
      for (const name of (await contract(environment)).secrets) {
        const stages = at(await aws('secretsmanager', 'describe-secret', `--secret-id=${name}`), 'VersionIdsToStages');
        const filled = Object.values((stages ?? {}) as Record<string, string[]>).some((own) =>
          own.includes('AWSCURRENT'),
        );
        // nobody has brokers on the first day, and streaming is not waited for
        if (name.endsWith('/kafka')) continue;
        missing.push(...unless(filled, `${name} has no content`, 'docs/runbooks/deployment-guide.md, step 4'));
      }
      return missing;
    },
  },
  {
    title: 'the images are in the registry',
    look: async ({ aws }) => {
      const missing: Missing[] = [];
      for (const { name, tag } of lock.images.filter(({ ours = false }) => ours)) {
        const repository = name.replace('localhost/', '');
        const found = await aws(
          'ecr',
          'describe-images',
          `--repository-name=${repository}`,
          `--image-ids=imageTag=${tag}`,
        );
        missing.push(
          ...unless(
            found !== undefined,
            `${repository}:${tag} is not there`,
            'docs/runbooks/deployment-guide.md, step 5',
          ),
        );
      }
      return missing;
    },
  },
  {
    title: 'kubectl reaches the API server of this environment',
    look: async ({ ask, environment, settings: { name } }) => {
      const context = await ask('kubectl', ['config', 'view', '--minify', '--output=jsonpath={.clusters[0].name}']);
      const answer = await ask('kubectl', ['get', '--raw', '/readyz', '--request-timeout=10s']);
      return unless(
        answer.code === 0 && context.stdout.endsWith(`cluster/${name}`),
        answer.code === 0 ? `kubectl is led to ${context.stdout}` : 'the API server does not answer',
        `in a terminal of its own: node kubernetes/connect.ts ${environment}`,
      );
    },
  },
];
