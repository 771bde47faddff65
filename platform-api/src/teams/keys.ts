import { DEFAULT_TEAM } from '@mlops/operations';

// Names of deployments are unique within a team. Tables, folders and the threads know a deployment by one key; neither
// team nor name has a dot.

const SEPARATOR = '.';

/** `payments`, and `fraud.payments` for the team fraud. A name that no deployment can have gets a key that none has. */
export function deploymentKey(team: string, name: string): string {
  const isOdd = name.includes(SEPARATOR);
  return team === DEFAULT_TEAM && !isOdd ? name : `${team}${SEPARATOR}${name}`;
}

/** The team and the name of a key. */
export function partsOf(key: string): { readonly team: string; readonly name: string } {
  const at = key.indexOf(SEPARATOR);
  return at < 0 ? { team: DEFAULT_TEAM, name: key } : { team: key.slice(0, at), name: key.slice(at + 1) };
}
