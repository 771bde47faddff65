import { environmentName } from './load.ts';
import { type Program, programs, type SettingName, settings } from './schema.ts';

/** The reference page of all settings, as Markdown. */
export function settingsReference(): string {
  const rows = (Object.keys(settings) as SettingName[]).map((name) => {
    const schema = settings[name] as unknown as { default?: unknown; description: string };
    const takers = (Object.keys(programs) as Program[]).filter((program) =>
      (programs[program] as readonly SettingName[]).includes(name),
    );
    const fallback = schema.default === undefined ? '' : `\`${JSON.stringify(schema.default)}\``;
    return `| \`${name}\` | \`${environmentName(name)}\` | ${fallback} | ${takers.join(', ')} | ${schema.description} |`;
  });
  return [
    '# Settings',
    '',
    'Generated from `packages/configuration/src/schema.ts` by `npm run generate`.',
    '',
    'A setting is written `key: value` in `mlops.yaml` (in the folder where the program starts), as an environment variable,',
    'or as a flag `--key value`. The flag wins over the environment, the environment over the file. Unknown keys are refused.',
    '',
    '| key and flag | environment | default | programs | meaning |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
