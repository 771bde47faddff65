/**
 * The way to a private API server: `node connect.ts ENVIRONMENT [--port PORT] [--detach]`. A node of the cluster, which Session Manager
 * reaches without an open port, passes connections on to the endpoint; kubectl's configuration then names this machine's port
 * and still checks the endpoint's certificate. It runs until it is stopped; with --detach it leaves the way open behind itself, once
 * the API server answers: for a machine that is thrown away. Needs the AWS command line and its
 * session-manager-plugin, and a caller who may start sessions and is one of the cluster's access entries.
 */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { run } from '@mlops/child-process';
import { type Environment, environments } from './manifests.ts';
import { chartValues } from './settings.ts';

/** A program's output. @throws with its own words where it fails. */
export type Ask = (program: string, args: readonly string[]) => Promise<string>;

const ask: Ask = async (program, args) => {
  const { code, stdout, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program} ${args.slice(0, 2).join(' ')}: ${stderr.trim()}`);
  return stdout.trim();
};

/**
 * Finds a running node and writes kubectl's configuration, whose cluster is then this machine's port.
 * @returns the arguments of `aws` that open the port.
 * @throws where the cluster has no running node, or a program fails.
 */
export async function prepare(environment: Environment, port: number, call: Ask = ask): Promise<string[]> {
  const { clusterName = '', region = '' } = await chartValues('aws-load-balancer-controller', environment);
  const here = [`--region=${region}`, '--output=text'];
  const cluster = await call('aws', [
    'eks',
    'describe-cluster',
    `--name=${clusterName}`,
    '--query=cluster.[arn,endpoint]',
    ...here,
  ]);
  const [arn = '', endpoint = ''] = cluster.split(/\s+/);
  const { hostname } = new URL(endpoint);
  const [node = ''] = (
    await call('aws', [
      'ec2',
      'describe-instances',
      '--query=Reservations[].Instances[].InstanceId',
      '--filters',
      `Name=tag:eks:cluster-name,Values=${clusterName}`,
      'Name=instance-state-name,Values=running',
      ...here,
    ])
  ).split(/\s+/);
  if (node === '' || node === 'None')
    throw new Error(`${clusterName} has no running node to go through: off hours, or no node group has started`);
  await call('aws', ['eks', 'update-kubeconfig', `--name=${clusterName}`, `--region=${region}`]);
  await call('kubectl', [
    'config',
    'set-cluster',
    arn,
    `--server=https://127.0.0.1:${port}`,
    `--tls-server-name=${hostname}`,
  ]);
  return [
    'ssm',
    'start-session',
    `--target=${node}`,
    `--region=${region}`,
    '--document-name=AWS-StartPortForwardingSessionToRemoteHost',
    `--parameters=host=${hostname},portNumber=443,localPortNumber=${port}`,
  ];
}

const ANSWER_SECONDS = 60;

/** Waits until the API server answers through the way. @throws with kubectl's words. */
async function answers(): Promise<void> {
  const end = Date.now() + ANSWER_SECONDS * 1000;
  for (;;) {
    const { code, stderr } = await run('kubectl', ['get', '--raw', '/readyz', '--request-timeout=5s']);
    if (code === 0) return;
    if (Date.now() > end) throw new Error(`the API server does not answer: ${stderr.trim()}`);
    await sleep(1000);
  }
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { port: { type: 'string', default: '8443' }, detach: { type: 'boolean', default: false } },
  });
  const environment = environments.find((name) => name === positionals[0]);
  const port = Number(values.port);
  if (!environment || positionals.length !== 1 || !Number.isInteger(port) || port < 1 || port > 65_535) {
    console.error(`usage: node connect.ts ${environments.join('|')} [--port PORT] [--detach]`);
    process.exit(2);
  }
  try {
    const session = await prepare(environment, port);
    if (values.detach) {
      spawn('aws', session, { stdio: 'ignore', detached: true }).unref();
      await answers();
      console.log(`kubectl reaches ${environment} by port ${port}`);
    } else {
      console.log(`kubectl reaches ${environment} by port ${port} until this program is stopped`);
      spawn('aws', session, { stdio: 'inherit' }).once('exit', (code) => process.exit(code ?? 1));
    }
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
