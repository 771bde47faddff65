import { CommandError } from './connection.ts';

/** Features by service, or one by one. @throws CommandError */
export function selection({ service, features }: { service?: string; features?: string }) {
  if ((service === undefined) === (features === undefined)) {
    throw new CommandError('Name either a feature service with --service, or features with --features VIEW:FEATURE,…');
  }
  return service === undefined ? { features: (features ?? '').split(',').map((each) => each.trim()) } : { service };
}
