import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { run } from '@mlops/child-process';
import { suite } from '@mlops/testing';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type AwsMock, startAwsMock } from '../../terraform/tests/aws-mock.ts';

/**
 * Docker and cosign cannot be had here: programs that write down how they are called. What is pushed arrives in the registry of
 * the mock, whose scanner finds one high finding in every image.
 */
const docker = `#!/usr/bin/env bash
set -e
echo "docker $*" >> "$CALLS"
[ "$1" = login ] && cat > /dev/null
for argument in "$@"; do
  case "$argument" in
    --tag=*) tag="\${argument##*:}"; name="\${argument#--tag=*/}"; name="\${name%:*}" ;;
    --metadata-file=*) metadata="\${argument#*=}" ;;
    imagetools) echo '{"manifests":[]}' ;;
  esac
done
if [ -n "$metadata" ]; then
  manifest='{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"size":1,"digest":"sha256:'$(echo "$name" | sha256sum | cut -c1-64)'"},"layers":[]}'
  digest=$(aws ecr put-image --region us-east-1 --repository-name "$name" --image-tag "$tag" --image-manifest "$manifest" --query image.imageId.imageDigest --output text)
  aws ecr start-image-scan --region us-east-1 --repository-name "$name" --image-id "imageDigest=$digest" > /dev/null
  echo "{\\"containerimage.digest\\": \\"$digest\\"}" > "$metadata"
fi
`;

suite('our images', { needs: ['aws', 'mlops-python', 'git', 'bash'] }, () => {
  let mock: AwsMock;
  let folder: string;
  const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');
  const env = () => ({
    ...process.env,
    ...mock.environment,
    AWS_PROFILE: undefined,
    CALLS: join(folder, 'calls'),
    PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
  });
  const publish = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(process.execPath, [join(import.meta.dirname, '../images.ts'), ...args], {
      env: env(),
    });
    return { code, stdout, stderr };
  };

  beforeAll(async () => {
    mock = await startAwsMock('123456789012');
    folder = await mkdtemp(join(tmpdir(), 'mlops-images-'));
    await writeFile(join(folder, 'docker'), docker);
    await writeFile(join(folder, 'cosign'), '#!/usr/bin/env bash\necho "cosign $*" >> "$CALLS"\n');
    for (const program of ['docker', 'cosign']) await chmod(join(folder, program), 0o755);
    for (const name of ['mlops/platform-api', 'mlops/inference', 'mlops/flink'])
      await run('aws', ['ecr', 'create-repository', `--repository-name=${name}`, '--region=us-east-1'], { env: env() });
  });

  beforeEach(() => writeFile(join(folder, 'calls'), ''));

  afterAll(async () => {
    await mock.stop();
    await rm(folder, { recursive: true });
  });

  it('are built with parts and provenance, and not signed where the scan finds something high', {
    timeout: 120_000,
  }, async () => {
    const { code, stderr } = await publish('0.9.0', 'dev');
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        /mlops\/platform-api@sha256:[0-9a-f]{64}: 0 critical and 1 high findings: it is not signed/,
      ),
    ]);
    const [login, build, inspect, ...more] = await calls();
    expect(login).toBe('docker login --username=AWS --password-stdin 123456789012.dkr.ecr.us-east-1.amazonaws.com');
    expect(build).toMatch(
      /^docker buildx build --file=Dockerfile --build-arg=VERSION=0\.9\.0 --build-arg=REVISION=[0-9a-f]{40} .*--sbom=true --provenance=mode=max .*--push \.$/,
    );
    expect(inspect).toContain('imagetools inspect --raw');
    expect(more).toEqual([]);
  });

  it('are not built again where their version is there: tags are immutable', { timeout: 120_000 }, async () => {
    await publish('0.9.0', 'dev');
    expect((await calls()).filter((call) => call.includes('buildx build'))).toEqual([]);
  });

  it('are refused by the name of no version and no environment', async () => {
    expect(await publish('latest', 'dev')).toMatchObject({ code: 2 });
    expect(await publish('0.9.0', 'nowhere')).toMatchObject({ code: 2 });
  });
});
