import { loadSettings } from '@mlops/configuration';
import { listen, runProgram } from '@mlops/service';
import { buildInferenceServer } from './server.ts';

await runProgram(async () => {
  const settings = loadSettings('inference');
  const app = await buildInferenceServer(settings);
  const address = await listen(app, settings);
  return { ready: `Inference server ready at ${address} (${settings.model.length} models)`, close: () => app.close() };
});
