import { toPlatformError } from '@mlops/errors';
import { Type } from 'typebox';
import { type ApiHandlers, apiOperation } from '../api/index.ts';

/** A part of the platform: resolves if it works, and throws what is wrong with it. */
export interface Part {
  readonly name: string;
  readonly check: () => Promise<void>;
}

/** A part that does not answer in this time does not work. */
const CHECK_MILLISECONDS = 5000;
const text = Type.String();
const nullableText = Type.Union([text, Type.Null()]);

export const statusOperations = {
  getStatus: apiOperation('GET /api/v1/status', {
    summary: 'Whether each part of the platform works, and if not, why.',
    access: 'read',
    resource: { type: 'server' },
    response: Type.Object({
      ok: Type.Boolean(),
      parts: Type.Array(Type.Object({ name: text, ok: Type.Boolean(), reason: nullableText })),
    }),
  }),
  listSettings: apiOperation('GET /api/v1/settings', {
    summary: 'The settings in force; secrets are hidden.',
    access: 'administer',
    resource: { type: 'server' },
    response: Type.Object({ settings: Type.Record(text, Type.Unknown()) }),
  }),
};

/** @param settings those that this process was started with */
export function statusHandlers(
  parts: readonly Part[],
  settings: Readonly<Record<string, unknown>>,
): ApiHandlers<typeof statusOperations> {
  return {
    async getStatus() {
      const found = await Promise.all(parts.map(stateOf));
      return { ok: found.every(({ ok }) => ok), parts: found };
    },
    listSettings: async () => ({
      settings: Object.fromEntries(
        Object.entries(settings).map(([name, value]) => [name, withoutSecrets(name, value)]),
      ),
    }),
  };
}

async function stateOf({ name, check }: Part) {
  const late = AbortSignal.timeout(CHECK_MILLISECONDS);
  const tooLate = new Promise<never>((_resolve, reject) => {
    late.addEventListener('abort', () => reject(new Error(`no answer within ${CHECK_MILLISECONDS / 1000} s`)));
  });
  try {
    await Promise.race([check(), tooLate]);
    return { name, ok: true, reason: null };
  } catch (error) {
    const known = toPlatformError(error);
    return { name, ok: false, reason: known.code === 'INTERNAL' ? (error as Error).message : known.message };
  }
}

/** Addresses carry their passwords in front of the host. */
function withoutSecrets(name: string, value: unknown): unknown {
  // A webhook's address is its key.
  if (name.endsWith('-webhook') && value !== undefined) return '***';
  return typeof value === 'string' ? value.replace(/:\/\/[^@/]*@/, '://***@') : value;
}
