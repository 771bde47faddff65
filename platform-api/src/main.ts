import { loadSettings } from '@mlops/configuration';
import { listen, runProgram } from '@mlops/service';
import { buildPlatform } from './app.ts';

await runProgram(async () => {
  const settings = loadSettings('platform');
  const { app, systemToken, firstToken } = await buildPlatform(settings);
  const address = await listen(app, settings);
  const stop = new AbortController();
  // The example is loaded only where it is wanted: a platform in earnest has none of it in memory.
  // It calls the platform as its users do, and cannot know a certificate's names.
  const load =
    settings.empty || settings['tls-cert'] !== undefined
      ? undefined
      : (await import('@mlops/flight-delays')).loadExample;
  const example = await load?.(address, { signal: stop.signal, token: systemToken });
  example?.replay.catch((error: unknown) => {
    if (!stop.signal.aborted) app.log.warn({ err: error }, 'the example traffic stopped');
  });
  const what = example ? ', with the flight-delays example' : '';
  const file = firstToken();
  const signIn =
    file === undefined ? '' : `\nThe first administrator's token is in ${file}: mlops login --token-file ${file}`;
  return {
    ready: `Platform ready at ${address}${what}${signIn}`,
    close: async () => {
      stop.abort();
      await example?.replay.catch(() => {});
      await app.close();
    },
  };
});
