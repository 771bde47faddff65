/**
 * Brings the database up to date and ends: `node platform-api/src/migrate.ts`, with the settings of the platform. For a cluster, where it
 * runs once before a release's processes, which start with `migrate: false`.
 */
import { loadSettings } from '@mlops/configuration';
import { runProgram } from '@mlops/service';
import { migratePlatform } from './app.ts';

await runProgram(async () => {
  await migratePlatform(loadSettings('platform'));
  return { ready: 'The database is up to date', close: () => Promise.resolve() };
});
