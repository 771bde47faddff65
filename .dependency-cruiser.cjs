/** The laws of the house: who may import whom. See ARCHITECTURE.md. */
const product = '(packages|engines|platform-api|cli|sdk|examples)';
/** What builds, deploys and measures the product. */
const around = '(terraform|kubernetes|bench|scripts)';
const anyPackage =
  '^(packages/[^/]+|engines/[^/]+|platform-api|cli|sdk|examples/[^/]+|terraform|kubernetes|bench|scripts)';

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Data flows one way.',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'packages-through-their-door',
      comment: 'Another package is imported by its name, which is its index.',
      severity: 'error',
      from: { path: `${anyPackage}/` },
      to: { path: `${anyPackage}/src/`, pathNot: ['^$1/', '/src/index\\.ts$'] },
    },
    {
      name: 'folders-through-their-door',
      comment: 'What one of these folders gives to another, its index gives; run.mjs starts every program.',
      severity: 'error',
      from: { path: `${anyPackage}/` },
      to: { path: `^${around}/`, pathNot: ['^$1/', '/index\\.ts$', '^scripts/run\\.mjs$'] },
    },
    {
      name: 'product-does-not-know-what-is-around-it',
      severity: 'error',
      from: { path: `^${product}/` },
      to: { path: `^${around}/`, pathNot: '^scripts/run\\.mjs$' },
    },
    {
      name: 'terraform-does-not-know-kubernetes',
      comment: 'The manifests are proved on the plan, never the plan on the manifests.',
      severity: 'error',
      from: { path: '^terraform/' },
      to: { path: '^kubernetes/' },
    },
    {
      name: 'modules-through-their-door',
      comment: 'A module of platform-api is imported through its index.',
      severity: 'error',
      from: { path: '^platform-api/src/([^/]+)/' },
      to: { path: '^platform-api/src/[^/]+/', pathNot: ['^platform-api/src/$1/', '/index\\.ts$'] },
    },
    {
      name: 'app-through-the-modules-doors',
      severity: 'error',
      from: { path: '^platform-api/src/[^/]+\\.ts$' },
      to: { path: '^platform-api/src/[^/]+/', pathNot: '/index\\.ts$' },
    },
    {
      name: 'engines-do-not-know-the-platform',
      severity: 'error',
      from: { path: '^(engines|packages)/' },
      to: { path: '^(platform-api|cli|sdk|console|examples)/' },
    },
    {
      name: 'packages-do-not-know-engines',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^engines/' },
    },
    {
      name: 'engines-do-not-know-each-other',
      severity: 'error',
      from: { path: '^engines/([^/]+)/' },
      to: { path: '^engines/', pathNot: '^engines/$1/' },
    },
    {
      name: 'rules-without-io',
      comment: 'What decides is pure: it can be tested without a server, a disk or a clock.',
      severity: 'error',
      from: {
        path: [
          '^platform-api/src/deployments/deployment\\.ts$',
          '^platform-api/src/predictions/prediction\\.ts$',
          '^packages/audit-chain/src/',
          '^engines/tracking/src/(search/|wire/decode)',
          '^engines/tracking/src/embedded/(validation|stages|metric-writes)\\.ts$',
          '^engines/inference/src/tensor\\.ts$',
          '^engines/inference/src/(scoring|wire)/',
          '^engines/features/src/model\\.ts$',
          '^engines/features/src/(values|wire)/',
          '^engines/features/src/definitions/(schema|project|source-text)\\.ts$',
          '^engines/features/src/retrieval/(selection|plan)\\.ts$',
          '^engines/features/src/offline/(point-in-time|sql)\\.ts$',
        ],
        pathNot: '\\.test\\.ts$',
      },
      to: {
        path: '^(node:)?(fs|net|http|https|child_process|worker_threads|timers|sqlite)|node_modules/(fastify|pg|@aws-sdk|onnxruntime-node|@duckdb)/',
      },
    },
    {
      name: 'only-stores-touch-the-database',
      comment: 'In platform-api SQL is in files named store or schema, in the actuals, and nowhere else.',
      severity: 'error',
      from: { path: '^platform-api/src/', pathNot: ['/(store|schema)\\.ts$', '/actuals\\.ts$'] },
      to: { path: 'node_modules/(kysely|pg)/' },
    },
    {
      name: 'only-the-log-and-the-offline-store-read-columns',
      severity: 'error',
      from: {
        path: '^(platform-api|engines|packages)/',
        pathNot: ['^platform-api/src/predictions/columns\\.ts$', '^engines/features/src/offline/'],
      },
      to: { path: 'node_modules/@duckdb/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '/src/', pathNot: ['\\.d\\.ts$', '/main\\.ts$', '-?worker\\.ts$', '/generated/'] },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-development-dependencies-in-the-product',
      severity: 'error',
      from: { path: '/src/', pathNot: ['\\.test\\.ts$', '^packages/testing/'] },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['/generated/', '\\.test\\.ts$'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    combinedDependencies: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types', 'default'] },
  },
};
