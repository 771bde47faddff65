import { loadSettings } from '@mlops/configuration';
import { listen, runProgram } from '@mlops/service';
import { buildFeatureServer } from './server.ts';

await runProgram(async () => {
  const settings = loadSettings('features');
  const app = await buildFeatureServer(settings);
  const address = await listen(app, settings);
  return { ready: `Feature server ready at ${address}`, close: () => app.close() };
});
