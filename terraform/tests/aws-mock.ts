import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopGroup, tie } from '@mlops/child-process';
import { freePort, needTool } from '@mlops/testing';

/** A mock of AWS: moto, and the operations that it lacks (mock/). */
export interface AwsMock {
  readonly url: string;
  /** For Terraform's environment: every AWS call goes to the mock. */
  readonly environment: NodeJS.ProcessEnv;
  /** For the clients of AWS's SDK. */
  readonly client: {
    readonly endpoint: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
    readonly forcePathStyle: true;
  };
  readonly stop: () => Promise<void>;
}

/** Starts a mock for one account. What it fails at is written to mlops-aws-mock-<account>.log in the folder for temporary files. */
export async function startAwsMock(account: string): Promise<AwsMock> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_ENDPOINT_URL: url };
  const log = openSync(join(tmpdir(), `mlops-aws-mock-${account}.log`), 'w');
  const child = spawn(needTool('mlops-python'), [join(import.meta.dirname, 'mock/server.py'), String(port)], {
    detached: true,
    stdio: ['ignore', 'pipe', log],
    env: {
      ...process.env,
      ...keys,
      MOTO_ACCOUNT_ID: account,
      PYTHONDONTWRITEBYTECODE: '1',
      MLOPS_NODE: process.execPath,
      MLOPS_LAMBDA_RUNNER: join(import.meta.dirname, 'mock/invoke.mjs'),
    },
  });
  closeSync(log);
  const untie = tie(child);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes(url) && resolve());
    child.once('exit', (code) => reject(new Error(`the mock of AWS ended with ${code}`)));
    child.once('error', reject);
  });
  return {
    url,
    // HTTP_PROXY: S3 Control puts the account into the host name, which no resolver knows on loopback.
    environment: {
      ...keys,
      HTTP_PROXY: url,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '5',
      AWS_PROFILE: '',
    },
    client: {
      endpoint: url,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
    },
    stop: async () => {
      await stopGroup(child);
      untie();
    },
  };
}
