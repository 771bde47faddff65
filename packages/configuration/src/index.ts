export { loadSettings, type Sources } from './load.ts';
export { settingsReference } from './reference.ts';
export { type Program, programs, type Settings, type SettingsOf, settings } from './schema.ts';
