import { Type } from 'typebox';
import { type Component, count, NotKnown, type Rule, rule, text } from '../component.ts';

const gigabytes = Type.Number({ minimum: 0 });
const closed = { additionalProperties: false };

const database = rule(
  Type.Object({ backupGb: gigabytes, storageGb: Type.Optional(gigabytes) }, closed),
  (values, usage, _resource, { book, schedule }) => {
    const storage =
      values['allocated_storage'] === undefined || values['allocated_storage'] === null
        ? usage.storageGb
        : count(values, 'allocated_storage');
    if (storage === undefined)
      throw new NotKnown('the plan does not say its allocated_storage, and the usage file no storageGb');
    const copies = values['multi_az'] === true ? 2 : 1;
    const share = schedule.database(text(values, 'identifier'));
    const instance = text(values, 'instance_class');
    return [
      {
        item: copies === 2 ? `${instance}, two zones` : instance,
        price: `rds.${instance}`,
        quantity: copies * book.hoursPerMonth * share,
      },
      // a stopped database keeps its storage
      { item: 'storage', price: `rds.${text(values, 'storage_type')}`, quantity: copies * storage },
      { item: 'backups', price: 'rds.backup', quantity: usage.backupGb },
    ];
  },
);

const cache = rule(Type.Object({ backupGb: gigabytes }, closed), (values, usage, _resource, { book }) => {
  const type = text(values, 'node_type');
  const shards = values['num_node_groups'];
  const nodes =
    typeof shards === 'number'
      ? shards * (1 + count(values, 'replicas_per_node_group'))
      : count(values, 'num_cache_clusters');
  return [
    { item: `${nodes} × ${type}`, price: `elasticache.${type}`, quantity: nodes * book.hoursPerMonth },
    { item: 'backups', price: 'elasticache.backup', quantity: usage.backupGb },
  ];
});

const warehouse = rule(
  Type.Object({ storedGb: gigabytes, backupGb: gigabytes }, closed),
  (values, usage, _resource, { book, schedule }) => {
    const type = text(values, 'node_type');
    const nodes = count(values, 'number_of_nodes');
    const share = schedule.warehouse(text(values, 'cluster_identifier'));
    return [
      { item: `${nodes} × ${type}`, price: `redshift.${type}`, quantity: nodes * book.hoursPerMonth * share },
      { item: 'managed storage', price: 'redshift.managed-storage', quantity: usage.storedGb },
      { item: 'snapshots', price: 'redshift.backup', quantity: usage.backupGb },
    ];
  },
);

const warehouseCopy = rule(Type.Object({ copiedGb: gigabytes, storedGb: gigabytes }, closed), (_values, usage) => [
  { item: 'transfer to the other region', price: 'transfer.region', quantity: usage.copiedGb },
  { item: 'snapshots in the other region', price: 'redshift.backup', quantity: usage.storedGb },
]);

const bucket = rule(
  Type.Object(
    {
      standardGb: gigabytes,
      infrequentGb: Type.Optional(gigabytes),
      glacierInstantGb: Type.Optional(gigabytes),
      putThousands: Type.Optional(gigabytes),
      getThousands: Type.Optional(gigabytes),
    },
    closed,
  ),
  (_values, usage) => {
    const parts: readonly [string, string, number | undefined][] = [
      ['standard', 's3.standard', usage.standardGb],
      ['infrequent access', 's3.infrequent', usage.infrequentGb],
      ['archive, instant', 's3.glacier-instant', usage.glacierInstantGb],
      ['writes', 's3.put', usage.putThousands],
      ['reads', 's3.get', usage.getThousands],
    ];
    return parts.flatMap(([item, price, quantity]): Component[] =>
      quantity === undefined ? [] : [{ item, price, quantity }],
    );
  },
);

const bucketCopy = rule(Type.Object({ copiedGb: gigabytes }, closed), (values, usage) => {
  const rules = values['rule'] as readonly { destination?: readonly { replication_time?: readonly unknown[] }[] }[];
  const timed = rules.some(({ destination }) => (destination?.[0]?.replication_time?.length ?? 0) > 0);
  return [
    { item: 'transfer to the other region', price: 'transfer.region', quantity: usage.copiedGb },
    ...(timed
      ? [{ item: 'copied within 15 minutes', price: 's3.replication-time-control', quantity: usage.copiedGb }]
      : []),
  ];
});

const vault = rule(
  Type.Object({ storedGb: gigabytes, copiedGb: Type.Optional(gigabytes) }, closed),
  (_values, usage) => [
    { item: 'recovery points', price: 'ebs.snapshot', quantity: usage.storedGb },
    ...(usage.copiedGb === undefined
      ? []
      : [{ item: 'transfer to the other region', price: 'transfer.region', quantity: usage.copiedGb }]),
  ],
);

export const data: Readonly<Record<string, Rule>> = {
  aws_db_instance: database,
  aws_elasticache_replication_group: cache,
  aws_redshift_cluster: warehouse,
  aws_redshift_snapshot_copy: warehouseCopy,
  aws_s3_bucket: bucket,
  aws_s3_bucket_replication_configuration: bucketCopy,
  aws_backup_vault: vault,
};
