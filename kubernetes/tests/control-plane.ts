import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type CommandResult, run } from '@mlops/child-process';

export const moduleFolder = fileURLToPath(new URL('control-plane/', import.meta.url));

/** Where the built binaries are kept: a folder a go.sum, so that other versions never mix. */
export function binariesFolder(): string {
  const hash = createHash('sha256')
    .update(readFileSync(join(moduleFolder, 'go.sum')))
    .digest('hex')
    .slice(0, 12);
  return process.env['MLOPS_CONTROL_PLANE_DIR'] ?? join(tmpdir(), `mlops-control-plane-${hash}`);
}

/** Lets `suite(…, { needs: ['kube-apiserver'] })` find the built binaries; without them it skips and says so. */
export function exposeBinaries(): void {
  for (const name of ['kube-apiserver', 'kube-controller-manager', 'etcd']) {
    const path = join(binariesFolder(), name === 'etcd' ? 'server' : name);
    const variable = `MLOPS_TOOL_${name.toUpperCase().replaceAll('-', '_')}`;
    if (existsSync(path)) process.env[variable] ??= path;
  }
}

/** A running API server with etcd and the controller manager, on loopback. */
export interface ControlPlane {
  readonly kubeconfig: string;
  /** kubectl as cluster administrator, of the server's own version. */
  kubectl(args: readonly string[], input?: string): Promise<CommandResult>;
  /** kubectl's output. @throws its error. */
  get(args: readonly string[], input?: string): Promise<string>;
  /** Starts the controller manager; quotas count only the kinds that exist by then. */
  startControllers(): Promise<void>;
  /** A copy of etcd's data, from which other control planes may start. Stops this one. */
  freeze(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts etcd and the API server on free ports and waits until it answers; `data` is a frozen copy to start from. */
export async function startControlPlane(data?: string): Promise<ControlPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-cluster-'));
  const processes: ChildProcess[] = [];
  const [client, peer, secure, controllers] = await freePorts(4);
  const token = randomBytes(16).toString('hex');
  const start = (name: string, args: readonly string[]) => {
    const log = openSync(join(folder, `${name}.log`), 'a');
    const child = spawn(join(binariesFolder(), name), args, { stdio: ['ignore', log, log] });
    processes.push(child);
    return child;
  };
  await prepareKeys(folder, token, data);
  start('server', [
    `--data-dir=${folder}/etcd`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
    // a throwaway store may lose what was not written yet
    '--unsafe-no-fsync',
    ...(data ? ['--force-new-cluster'] : []),
  ]);
  const server = start('kube-apiserver', apiServerArguments(folder, client, secure));
  const kubeconfig = join(folder, 'kubeconfig');
  await waitReady(server, folder, secure, token);
  await writeFile(kubeconfig, kubeconfigText(folder, secure, token));
  const kubectl = (args: readonly string[], input?: string) =>
    run(
      join(binariesFolder(), 'kubectl'),
      [`--kubeconfig=${kubeconfig}`, ...args],
      input === undefined ? {} : { input },
    );
  const stop = async () => {
    await Promise.all(processes.reverse().map(end));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return {
    kubeconfig,
    kubectl,
    stop,
    async get(args, input) {
      const { code, stdout, stderr } = await kubectl(args, input);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
      return stdout;
    },
    async startControllers() {
      start('kube-controller-manager', controllerArguments(folder, kubeconfig, controllers));
      await eventually(async () => (await kubectl(['get', 'serviceaccount', 'default'])).code === 0);
    },
    async freeze() {
      await Promise.all(processes.reverse().map(end));
      return join(folder, 'etcd');
    },
  };
}

/** Asks until it is so. @throws after a minute. */
export async function eventually(question: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await question())) {
    if (Date.now() > end) throw new Error(`it did not become so within a minute: ${question.toString().slice(0, 200)}`);
    await sleep(250);
  }
}

async function prepareKeys(folder: string, token: string, data: string | undefined) {
  await mkdir(join(folder, 'certificates'));
  await writeFile(join(folder, 'tokens.csv'), `${token},admin,admin,system:masters\n`);
  const { code, stderr } = await run('openssl', ['genrsa', '-out', `${folder}/sa.key`, '2048']);
  if (code !== 0) throw new Error(stderr);
  await run('openssl', ['rsa', '-in', `${folder}/sa.key`, '-pubout', '-out', `${folder}/sa.pub`]);
  if (data) await cp(data, join(folder, 'etcd'), { recursive: true });
  mkdirSync(join(folder, 'controllers'));
}

const apiServerArguments = (folder: string, etcd: number, secure: number) => [
  `--etcd-servers=http://127.0.0.1:${etcd}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${secure}`,
  '--advertise-address=127.0.0.1',
  '--endpoint-reconciler-type=none',
  `--cert-dir=${folder}/certificates`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${folder}/sa.pub`,
  `--service-account-signing-key-file=${folder}/sa.key`,
  '--service-cluster-ip-range=10.96.0.0/16',
  `--token-auth-file=${folder}/tokens.csv`,
  '--anonymous-auth=false',
  '--authorization-mode=Node,RBAC',
  '--enable-admission-plugins=NodeRestriction',
  '--allow-privileged=true',
];

const controllerArguments = (folder: string, kubeconfig: string, port: number) => [
  `--kubeconfig=${kubeconfig}`,
  `--authentication-kubeconfig=${kubeconfig}`,
  `--authorization-kubeconfig=${kubeconfig}`,
  '--bind-address=127.0.0.1',
  `--secure-port=${port}`,
  `--cert-dir=${folder}/controllers`,
  '--leader-elect=false',
  `--service-account-private-key-file=${folder}/sa.key`,
  '--controllers=*',
];

async function waitReady(server: ChildProcess, folder: string, port: number, token: string) {
  await eventually(async () => {
    if (server.exitCode !== null) {
      throw new Error(
        `the API server stopped:\n${readFileSync(join(folder, 'kube-apiserver.log'), 'utf8').slice(-2000)}`,
      );
    }
    if (!existsSync(join(folder, 'certificates/apiserver.crt'))) return false;
    const args = ['-sf', '--cacert', `${folder}/certificates/apiserver.crt`, '-H', `Authorization: Bearer ${token}`];
    return (await run('curl', [...args, `https://127.0.0.1:${port}/readyz`])).stdout === 'ok';
  });
}

const kubeconfigText = (folder: string, port: number, token: string) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [
      {
        name: 'test',
        cluster: {
          server: `https://127.0.0.1:${port}`,
          'certificate-authority': `${folder}/certificates/apiserver.crt`,
        },
      },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
  });

async function freePorts(count: number): Promise<[number, number, number, number]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number, number];
}

async function end(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([closed, sleep(10_000)]);
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await closed;
  }
}
