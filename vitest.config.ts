import { defineConfig } from 'vitest/config';

/** One project per part: `vitest run --project tracking`. */
const parts = {
  packages: 'packages/*',
  tracking: 'engines/tracking',
  inference: 'engines/inference',
  features: 'engines/features',
  platform: 'platform-api',
  cli: 'cli',
  sdk: 'sdk',
  terraform: 'terraform',
  kubernetes: 'kubernetes',
  cicd: 'cicd',
  examples: 'examples/*',
  repository: 'scripts',
};

export default defineConfig({
  test: {
    projects: Object.entries(parts).map(([name, folder]) => ({
      test: {
        name,
        include: [`${folder}/src/**/*.test.ts`, `${folder}/tests/**/*.test.ts`],
        testTimeout: 60_000,
        hookTimeout: 180_000,
        teardownTimeout: 30_000,
      },
    })),
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['packages/*/src/**', 'engines/*/src/**', 'platform-api/src/**', 'cli/src/**', 'sdk/src/**'],
      exclude: ['**/generated/**', '**/*.test.ts', 'packages/testing/**'],
      reporter: ['text-summary', 'json-summary'],
      thresholds: { lines: 80 },
    },
  },
});
