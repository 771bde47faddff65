import { type Static, Type } from 'typebox';

/**
 * Every setting of every program, once. The key is the name in mlops.yaml; the environment writes it MLOPS_<KEY>
 * (upper case, '-' as '_'), the command line --<key>. The flag wins over the environment, the environment over the file.
 */
export const settings = {
  host: Type.String({ default: '127.0.0.1', description: 'Address to listen on.' }),
  port: Type.Integer({
    default: 8080,
    minimum: 0,
    maximum: 65_535,
    description: 'Port to listen on; 0 takes a free one.',
  }),
  data: Type.String({
    default: 'data',
    description: 'Folder for everything that is kept: database, artifacts, prediction log.',
  }),
  database: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'PostgreSQL database as postgres://user:password@host/name. Without it: SQLite in the data folder.',
    }),
  ),
  migrate: Type.Boolean({
    default: true,
    description:
      "Bring the database's tables up to date at the start. false: refuse to start where that has not been done by platform-api/src/migrate.ts.",
  }),
  artifacts: Type.Optional(
    Type.String({
      pattern: '^s3://',
      description: 'Where artifacts are kept, as s3://bucket/prefix. Without it: a folder of the data folder.',
    }),
  ),
  'default-artifact-root': Type.String({
    default: 'mlflow-artifacts:/',
    description:
      'Root of the artifact locations of new experiments. mlflow-artifacts:/ sends artifacts through this server; with another URI (s3://…, file:///…) clients write there themselves.',
  }),
  'tracking-url': Type.Optional(
    Type.String({
      pattern: '^https?://',
      description: 'A real MLflow server that takes the seat of the embedded tracking engine.',
    }),
  ),
  empty: Type.Boolean({ default: false, description: 'Start with nothing: do not load the flight-delays example.' }),
  model: Type.Array(Type.String({ pattern: '^[^=]+=.+$' }), {
    default: [],
    description: 'A model to serve, as NAME=PATH: a folder with an MLmodel file, or an .onnx file. May be repeated.',
  }),
  definitions: Type.Optional(
    Type.String({ description: 'Folder with the definitions of features as YAML (*.yaml, in folders of it as well).' }),
  ),
  registry: Type.Optional(
    Type.String({
      description:
        "Feast's registry, in place of definitions as YAML: its file (registry.db), or its SQL registry as postgres://user:password@host/name.",
    }),
  ),
  project: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_-]*$',
      description:
        'Project of the features: its name is part of the keys in Redis. Without it: the only one of the registry, or default.',
    }),
  ),
  online: Type.Optional(
    Type.String({
      pattern: '^rediss?://',
      description:
        "Redis that keeps the online features in Feast's layout, as redis://user:password@host:port/database (rediss:// for TLS). Without it: the database.",
    }),
  ),
  'feature-history': Type.Optional(
    Type.String({
      description:
        'Folder with a folder for each team, in which the Parquet files lie that its feature sources name. Without it: features in the data folder.',
    }),
  ),
  'feature-registry': Type.Optional(
    Type.String({
      description:
        "Feast's registry into which the definitions that teams apply are also written, within seconds, a project for each team: a file, or postgres://user:password@host/name.",
    }),
  ),
  'inference-threads': Type.Integer({
    default: 0,
    minimum: 0,
    description: 'Worker threads that run models; 0 means one fewer than the processors, at least one.',
  }),
  'inference-timeout': Type.Integer({
    default: 30,
    minimum: 1,
    maximum: 86_400,
    description:
      'Seconds that one run of a model, or loading it and running it once, may take. What takes longer is answered 504, and its thread is replaced.',
  }),
  identity: Type.Union([Type.Literal('local'), Type.Literal('required'), Type.Literal('anonymous')], {
    default: 'local',
    description:
      'Who callers are. local: the one user of this machine, on a loopback address only. required: who has a token; the first one is written to admin-token in the data folder. anonymous: whoever reaches the address; only for a network that authenticates in front.',
  }),
  policies: Type.Optional(
    Type.String({ description: 'Folder with further Cedar policies (*.cedar), added to the built-in ones.' }),
  ),
  'oidc-issuers': Type.Optional(
    Type.String({
      description:
        'YAML file with the OpenID providers whose tokens are taken where identity is required: issuer, audience, which groups are what in which team. See docs/how-to/sign-in.md.',
    }),
  ),
  'audit-key': Type.Optional(
    Type.String({
      description:
        'PEM file of the Ed25519 key that signs checkpoints of the audit log, the same for all processes. Without it one is made in the data folder, for its owner alone.',
    }),
  ),
  'audit-archive': Type.Optional(
    Type.String({
      description:
        'Where audit entries and signed checkpoints are also written, each once: a folder, or s3://bucket/prefix with Object Lock.',
    }),
  ),
  'tls-cert': Type.Optional(
    Type.String({
      description:
        'PEM file with the certificate, and those between it and its root: the server speaks HTTPS. Read anew when it changes.',
    }),
  ),
  'tls-key': Type.Optional(Type.String({ description: 'PEM file with the private key of tls-cert.' })),
  'tls-min-version': Type.Union([Type.Literal('1.3'), Type.Literal('1.2')], {
    default: '1.3',
    description: 'The oldest version of TLS that is spoken.',
  }),
  'trusted-proxies': Type.Array(Type.String(), {
    default: [],
    description:
      'Addresses or networks (10.0.0.0/8) whose X-Forwarded-For, -Proto and -Host headers are believed; nobody else’s are.',
  }),
  'allowed-hosts': Type.Array(Type.String(), {
    default: [],
    description: 'Further names under which browsers and clients may address this server (Host header). * allows all.',
  }),
  'log-level': Type.Union(
    ['fatal', 'error', 'warn', 'info', 'debug', 'trace'].map((level) => Type.Literal(level)),
    { default: 'warn', description: 'The least severe messages that are logged (JSON lines on standard error).' },
  ),
  'prediction-log': Type.Optional(
    Type.String({
      description:
        'Where sealed predictions are kept: s3://bucket/prefix, or a folder that all processes share. Without it: beside the artifacts where those are in S3, else a folder of the data folder.',
    }),
  ),
  'prediction-retention-days': Type.Integer({
    default: 90,
    minimum: 1,
    maximum: 36_500,
    description: 'Days that logged predictions are kept, of teams that have not set their own.',
  }),
  'predictions-queue': Type.Integer({
    default: 20_000,
    minimum: 1,
    description: 'Predictions that may wait to be logged; what exceeds it is dropped and counted, never delayed.',
  }),
};

const settingsSchema = Type.Object(settings, { additionalProperties: false });

export type SettingName = keyof typeof settings;
export type Settings = Static<typeof settingsSchema>;

/** Which settings each program takes. */
export const programs = {
  platform: [
    'host',
    'port',
    'data',
    'database',
    'migrate',
    'artifacts',
    'tracking-url',
    'empty',
    'online',
    'feature-history',
    'feature-registry',
    'inference-threads',
    'inference-timeout',
    'identity',
    'policies',
    'oidc-issuers',
    'audit-key',
    'audit-archive',
    'tls-cert',
    'tls-key',
    'tls-min-version',
    'trusted-proxies',
    'allowed-hosts',
    'log-level',
    'prediction-log',
    'prediction-retention-days',
    'predictions-queue',
  ],
  tracking: [
    'host',
    'port',
    'data',
    'database',
    'artifacts',
    'default-artifact-root',
    'identity',
    'allowed-hosts',
    'log-level',
  ],
  features: [
    'host',
    'port',
    'data',
    'database',
    'definitions',
    'registry',
    'project',
    'online',
    'identity',
    'allowed-hosts',
    'log-level',
  ],
  inference: [
    'host',
    'port',
    'data',
    'model',
    'inference-threads',
    'inference-timeout',
    'identity',
    'allowed-hosts',
    'log-level',
  ],
} as const satisfies Record<string, readonly SettingName[]>;

export type Program = keyof typeof programs;
export type SettingsOf<P extends Program> = Pick<Settings, (typeof programs)[P][number] & SettingName>;
