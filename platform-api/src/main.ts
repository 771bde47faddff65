import { loadSettings } from '@mlops/configuration';
import { loadExample } from '@mlops/flight-delays';
import { listen, runProgram } from '@mlops/service';
import { buildPlatform } from './app.ts';

await runProgram(async () => {
  const settings = loadSettings('platform');
  const app = await buildPlatform(settings);
  const address = await listen(app, settings);
  const stop = new AbortController();
  const example = settings.empty ? undefined : await loadExample(address, stop.signal);
  example?.replay.catch((error: unknown) => {
    if (!stop.signal.aborted) app.log.warn({ err: error }, 'the example traffic stopped');
  });
  const what = example ? ', with the flight-delays example' : '';
  return {
    ready: `Platform ready at ${address}${what}`,
    close: async () => {
      stop.abort();
      await example?.replay.catch(() => {});
      await app.close();
    },
  };
});
