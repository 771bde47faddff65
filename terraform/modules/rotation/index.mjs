// Secrets Manager calls this four times for each rotation: createSecret, setSecret, testSecret, finishSecret.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
import {
  DescribeReplicationGroupsCommand,
  ElastiCacheClient,
  ModifyReplicationGroupCommand,
} from '@aws-sdk/client-elasticache';
import { DescribeDBInstancesCommand, ModifyDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import {
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';

const secrets = new SecretsManagerClient();
const databases = new RDSClient();
const caches = new ElastiCacheClient();

const read = async (SecretId, VersionStage, VersionId) =>
  JSON.parse((await secrets.send(new GetSecretValueCommand({ SecretId, VersionStage, VersionId }))).SecretString);

/** The kinds of secret: where the password stands in it, how it is set, whether it is in force. */
const kinds = {
  postgres: {
    field: 'password',
    set: ({ instance, password }) =>
      databases.send(
        new ModifyDBInstanceCommand({
          DBInstanceIdentifier: instance,
          MasterUserPassword: password,
          ApplyImmediately: true,
        }),
      ),
    settled: async ({ instance }) => {
      const { DBInstances } = await databases.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: instance }));
      return (
        DBInstances[0].DBInstanceStatus === 'available' && !DBInstances[0].PendingModifiedValues?.MasterUserPassword
      );
    },
  },
  redis: {
    field: 'auth_token',
    // ROTATE keeps the token before valid until the next rotation: clients change over without an interruption.
    set: ({ group, auth_token }) =>
      caches.send(
        new ModifyReplicationGroupCommand({
          ReplicationGroupId: group,
          AuthToken: auth_token,
          AuthTokenUpdateStrategy: 'ROTATE',
          ApplyImmediately: true,
        }),
      ),
    settled: async ({ group }) => {
      const { ReplicationGroups } = await caches.send(
        new DescribeReplicationGroupsCommand({ ReplicationGroupId: group }),
      );
      return ReplicationGroups[0].Status === 'available';
    },
  },
};

const kindOf = (secret) => {
  const kind = kinds[secret.engine];
  if (!kind) throw new Error(`no rotation for engine ${secret.engine}`);
  return kind;
};

/** Databases that share an instance share its password. */
async function tellSiblings({ siblings = [], password }) {
  for (const SecretId of siblings) {
    const SecretString = JSON.stringify({ ...(await read(SecretId, 'AWSCURRENT')), password });
    await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }));
  }
}

const steps = {
  async createSecret(SecretId, token) {
    try {
      await read(SecretId, 'AWSPENDING', token);
    } catch (error) {
      if (error.name !== 'ResourceNotFoundException') throw error;
      const current = await read(SecretId, 'AWSCURRENT');
      const { RandomPassword } = await secrets.send(
        new GetRandomPasswordCommand({ PasswordLength: 48, ExcludePunctuation: true }),
      );
      await secrets.send(
        new PutSecretValueCommand({
          SecretId,
          ClientRequestToken: token,
          SecretString: JSON.stringify({ ...current, [kindOf(current).field]: RandomPassword }),
          VersionStages: ['AWSPENDING'],
        }),
      );
    }
  },
  async setSecret(SecretId, token) {
    const pending = await read(SecretId, 'AWSPENDING', token);
    await kindOf(pending).set(pending);
  },
  async testSecret(SecretId, token) {
    const pending = await read(SecretId, 'AWSPENDING', token);
    for (let attempt = 0; attempt < 50; attempt += 1) {
      if (await kindOf(pending).settled(pending)) return;
      await new Promise((resolve) => setTimeout(resolve, 10_000));
    }
    throw new Error('the new password is not in force yet');
  },
  async finishSecret(SecretId, token) {
    const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId }));
    const [current] = Object.entries(VersionIdsToStages).find(([, stages]) => stages.includes('AWSCURRENT')) ?? [];
    if (current === token) return;
    await tellSiblings(await read(SecretId, 'AWSPENDING', token));
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        SecretId,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: token,
        RemoveFromVersionId: current,
      }),
    );
  },
};

export const handler = async ({ SecretId, ClientRequestToken, Step }) => {
  const step = steps[Step];
  if (!step) throw new Error(`unknown step ${Step}`);
  await step(SecretId, ClientRequestToken);
};
