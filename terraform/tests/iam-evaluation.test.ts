import { describe, expect, it } from 'vitest';
import { hold } from '../iam/conditions.ts';
import { decide, type Principal, type Target } from '../iam/evaluate.ts';
import type { Context, PolicyDocument, Statement } from '../iam/policy.ts';

const account = '111122223333';
const elsewhere = '444455556666';
const document = (...Statement: readonly Statement[]): PolicyDocument => ({ Statement });
const role = (name: string, policies: readonly PolicyDocument[] = [], boundary?: PolicyDocument): Principal => ({
  arn: `arn:aws:iam::${account}:role/${name}`,
  account,
  policies,
  ...(boundary && { boundary }),
});
const ask = (who: Principal, action: string, resource = '*', context: Context = {}, target: Partial<Target> = {}) => {
  const { allowed, by } = decide(who, { action, resource, context }, { account, ...target });
  return allowed ? `allowed by ${by}` : `denied: ${by}`;
};

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html */
describe('AWS’s example of a user and a bucket', () => {
  const bucket = 'arn:aws:s3:::amzn-s3-demo-bucket-carlossalazar';
  const carlos = role('carlossalazar', [
    document(
      { Effect: 'Allow', Action: ['s3:GetBucketLocation', 's3:ListAllMyBuckets'], Resource: 'arn:aws:s3:::*' },
      { Effect: 'Allow', Action: 's3:*', Resource: [`${bucket}/*`, bucket] },
      { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::*log*' },
    ),
  ]);
  const own = document({
    Effect: 'Allow',
    Principal: { AWS: carlos.arn },
    Action: 's3:*',
    Resource: [`${bucket}/*`, bucket],
  });

  it('allows him his own bucket, and denies him that of the logs', () => {
    expect(ask(carlos, 's3:PutObject', `${bucket}/file`, {}, { policy: own })).toBe('allowed by resource');
    expect(ask(carlos, 's3:PutObject', `${bucket}/file`)).toBe('allowed by identity');
    expect(ask(carlos, 's3:PutObject', `${bucket}-logs/file`)).toBe('denied: explicit deny');
    expect(ask(carlos, 's3:PutObject', 'arn:aws:s3:::other/file')).toBe('denied: nobody');
    expect(ask(carlos, 'S3:putobject', `${bucket}/file`), 'names of actions have no case').toBe('allowed by identity');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html */
describe('AWS’s examples of boundaries', () => {
  const boundary = document({ Effect: 'Allow', Action: ['s3:*', 'cloudwatch:*', 'ec2:*'], Resource: '*' });
  const shirley = role(
    'ShirleyRodriguez',
    [document({ Effect: 'Allow', Action: 'iam:CreateUser', Resource: '*' })],
    boundary,
  );

  it('grant nothing, and take away what lies outside', () => {
    expect(ask(shirley, 'iam:CreateUser')).toBe('denied: boundary');
    expect(ask(shirley, 's3:ListAllMyBuckets')).toBe('denied: nobody');
    const both = role('both', [document({ Effect: 'Allow', Action: 's3:ListAllMyBuckets', Resource: '*' })], boundary);
    expect(ask(both, 's3:ListAllMyBuckets')).toBe('allowed by identity');
  });

  it('limit what a resource’s policy gives to the role itself', () => {
    const queue = `arn:aws:sqs:us-east-1:${account}:queue`;
    const policy = document({
      Effect: 'Allow',
      Principal: { AWS: shirley.arn },
      Action: 'sqs:SendMessage',
      Resource: queue,
    });
    expect(ask(shirley, 'sqs:SendMessage', queue, {}, { policy })).toBe('denied: boundary');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and …_multi-value-context-keys.html */
describe('AWS’s rules of conditions', () => {
  it.each<[string, object, Context, boolean]>([
    ['one of several values is enough', { StringEquals: { k: ['a', 'b'] } }, { k: 'b' }, true],
    ['all keys must fit', { StringEquals: { k: 'a', l: 'b' } }, { k: 'a' }, false],
    ['a negation holds only if no value fits', { StringNotEquals: { k: ['a', 'b'] } }, { k: 'b' }, false],
    ['a key that is not there equals nothing', { StringEquals: { k: 'a' } }, {}, false],
    ['… and so differs from everything', { StringNotEquals: { k: 'a' } }, {}, true],
    ['IfExists lets pass what is not there', { StringEqualsIfExists: { k: 'a' } }, {}, true],
    ['… and not what is there and wrong', { StringEqualsIfExists: { k: 'a' } }, { k: 'b' }, false],
    ['Null asks whether it is there', { Null: { k: 'true' } }, {}, true],
    ['… or is', { Null: { k: 'false' } }, { k: 'a' }, true],
    [
      'ForAllValues: every value of the request',
      { 'ForAllValues:StringEquals': { k: ['a', 'b'] } },
      { k: ['a', 'b'] },
      true,
    ],
    ['… and one too many', { 'ForAllValues:StringEquals': { k: ['a', 'b'] } }, { k: ['a', 'c'] }, false],
    ['… holds of none', { 'ForAllValues:StringEquals': { k: 'a' } }, {}, true],
    ['ForAnyValue: one value of the request', { 'ForAnyValue:StringEquals': { k: 'a' } }, { k: ['x', 'a'] }, true],
    ['… does not hold of none', { 'ForAnyValue:StringEquals': { k: 'a' } }, {}, false],
    ['StringLike knows stars', { StringLike: { k: 'team-*' } }, { k: 'team-a' }, true],
    ['StringEquals does not', { StringEquals: { k: 'team-*' } }, { k: 'team-a' }, false],
    [
      'a star of an ARN stays in its part',
      { ArnLike: { k: 'arn:aws:sns:*:1:t' } },
      { k: 'arn:aws:sns:us-east-1:2:1:t' },
      false,
    ],
    [
      'ArnEquals and ArnLike are the same',
      { ArnEquals: { k: 'arn:aws:sns:*:1:*' } },
      { k: 'arn:aws:sns:us-east-1:1:t' },
      true,
    ],
    ['Bool has no case', { Bool: { k: 'true' } }, { k: 'True' }, true],
    ['numbers are compared as numbers', { NumericLessThan: { k: '1.2' } }, { k: '1.10' }, true],
    ['names of keys have no case', { StringEquals: { 'aws:username': 'a' } }, { 'aws:UserName': 'a' }, true],
  ])('%s', (_name, conditions, context, expected) => {
    expect(hold(conditions as never, context)).toBe(expected);
  });

  it('do not guess at what is not known', () => {
    expect(() => hold({ DateGreaterThan: { k: '2026-01-01' } }, { k: '2026-02-01' })).toThrow('unknown operator');
  });
});

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html */
it('fills in variables, and matches nothing where the request has none', () => {
  const home = document({ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::bucket/${aws:username}/*' });
  const who = role('reader', [home]);
  expect(ask(who, 's3:GetObject', 'arn:aws:s3:::bucket/ana/file', { 'aws:username': 'ana' })).toBe(
    'allowed by identity',
  );
  expect(ask(who, 's3:GetObject', 'arn:aws:s3:::bucket/bob/file', { 'aws:username': 'ana' })).toBe('denied: nobody');
  expect(ask(who, 's3:GetObject', 'arn:aws:s3:::bucket//file')).toBe('denied: nobody');
});

it('knows what is not named: NotAction and NotResource', () => {
  const most = role('most', [
    document(
      { Effect: 'Allow', NotAction: 'iam:*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:GetObject', NotResource: 'arn:aws:s3:::mine/*' },
    ),
  ]);
  expect(ask(most, 'iam:CreateUser')).toBe('denied: nobody');
  expect(ask(most, 's3:GetObject', 'arn:aws:s3:::mine/file')).toBe('allowed by identity');
  expect(ask(most, 's3:GetObject', 'arn:aws:s3:::yours/file')).toBe('denied: explicit deny');
});

/** https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html and …/policy-evaluation.html, …/grants.html */
describe('KMS', () => {
  const key = `arn:aws:kms:us-east-1:${account}:key/1234abcd`;
  const delegating = document({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: 'kms:*',
    Resource: '*',
  });
  const able = role('able', [document({ Effect: 'Allow', Action: 'kms:Decrypt', Resource: key })]);

  it('leaves the decision to IAM only where the key’s policy says so', () => {
    expect(ask(able, 'kms:Decrypt', key, {}, { policy: delegating })).toBe('allowed by identity');
    const closed = document({ Effect: 'Allow', Principal: { AWS: role('other').arn }, Action: 'kms:*', Resource: '*' });
    expect(ask(able, 'kms:Decrypt', key, {}, { policy: closed })).toBe('denied: nobody');
    expect(ask(role('other'), 'kms:Decrypt', key, {}, { policy: closed })).toBe('allowed by key policy');
  });

  it('gives a service-linked role nothing by the account’s principal, because IAM gives it nothing', () => {
    const linked: Principal = {
      arn: `arn:aws:iam::${account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling`,
      account,
      policies: [],
    };
    const context = { 'kms:ViaService': 'ec2.us-east-1.amazonaws.com', 'kms:CallerAccount': account };
    const conditioned = document({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: { ArnEquals: { 'aws:PrincipalArn': linked.arn } },
    });
    expect(ask(linked, 'kms:Decrypt', key, context, { policy: conditioned })).toBe('denied: nobody');
    const named = document({ Effect: 'Allow', Principal: { AWS: linked.arn }, Action: 'kms:Decrypt', Resource: '*' });
    expect(ask(linked, 'kms:Decrypt', key, context, { policy: named })).toBe('allowed by key policy');
    const everybody = document({
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition: { StringEquals: { 'kms:CallerAccount': account }, ArnEquals: { 'aws:PrincipalArn': linked.arn } },
    });
    expect(ask(linked, 'kms:Decrypt', key, context, { policy: everybody })).toBe('allowed by key policy');
    expect(ask(able, 'kms:Encrypt', key, context, { policy: everybody })).toBe('denied: nobody');
  });

  it('lets a grantee do what its grant says, and nothing else', () => {
    const grantee = role('instance');
    const grants = [
      { grantee: grantee.arn, key, operations: ['Decrypt'], encryptionContext: { 'aws:ebs:id': 'vol-1' } },
    ];
    const target = { policy: delegating, grants };
    const volume = (id: string) => ({ 'kms:EncryptionContext:aws:ebs:id': id });
    expect(ask(grantee, 'kms:Decrypt', key, volume('vol-1'), target)).toBe('allowed by grant');
    expect(ask(grantee, 'kms:Decrypt', key, volume('vol-2'), target)).toBe('denied: nobody');
    expect(ask(grantee, 'kms:Encrypt', key, volume('vol-1'), target)).toBe('denied: nobody');
    expect(ask(role('another'), 'kms:Decrypt', key, volume('vol-1'), target)).toBe('denied: nobody');
  });

  it('knows services by their name and the account that they act for', () => {
    const service: Principal = { arn: 'cloudtrail.amazonaws.com', account: '', policies: [] };
    const policy = document({
      Effect: 'Allow',
      Principal: { Service: 'cloudtrail.amazonaws.com' },
      Action: 'kms:GenerateDataKey',
      Resource: '*',
      Condition: { StringEquals: { 'aws:SourceAccount': account } },
    });
    expect(ask(service, 'kms:GenerateDataKey', key, { 'aws:SourceAccount': account }, { policy })).toBe(
      'allowed by key policy',
    );
    expect(ask(service, 'kms:GenerateDataKey', key, { 'aws:SourceAccount': elsewhere }, { policy })).toBe(
      'denied: nobody',
    );
    expect(ask(service, 'kms:GenerateDataKey', key, { 'aws:SourceAccount': account }, { policy: delegating })).toBe(
      'denied: nobody',
    );
  });
});
