import { loadSettings } from '@mlops/configuration';
import { listen, runProgram } from '@mlops/service';
import { buildTrackingServer } from './server.ts';

await runProgram(async () => {
  const settings = loadSettings('tracking');
  const app = await buildTrackingServer(settings);
  const address = await listen(app, settings);
  return { ready: `Tracking server ready at ${address}`, close: () => app.close() };
});
