import { readFileSync } from 'node:fs';
import { PlatformError } from '@mlops/errors';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { type Role, roles } from './principal.ts';

const text = Type.String({ minLength: 1 });
const closed = { additionalProperties: false };

const Membership = Type.Object(
  {
    group: Type.String({ minLength: 1, description: 'As the claim of groups has it; * is everybody.' }),
    team: text,
    roles: Type.Array(Type.Unsafe<Role>({ type: 'string', enum: [...roles] }), { minItems: 1 }),
  },
  closed,
);

const IssuerSchema = Type.Object(
  {
    issuer: Type.String({
      pattern: '^https?://',
      description: 'As the claim `iss` has it; its discovery document lies below.',
    }),
    audience: Type.String({
      minLength: 1,
      description: 'What the claim `aud` must hold: a token for others is none for us.',
    }),
    algorithms: Type.Array(
      Type.Union(['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'EdDSA'].map((each) => Type.Literal(each))),
      {
        default: ['RS256', 'ES256'],
        minItems: 1,
      },
    ),
    clock_skew_seconds: Type.Integer({ default: 60, minimum: 0, maximum: 300 }),
    type: Type.Union([Type.Literal('user'), Type.Literal('service')], { default: 'user' }),
    id_claim: Type.String({
      default: 'sub',
      minLength: 1,
      description: 'Which claim says who one is; it must never be given to another one.',
    }),
    id_prefix: Type.String({
      default: '',
      description: 'What stands in front of it: people of two issuers must not share a name.',
    }),
    groups_claim: Type.String({ default: 'groups', minLength: 1 }),
    memberships: Type.Array(Membership, { default: [], maxItems: 10_000 }),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'What people know it by.' })),
    client_id: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'As what the platform is registered there: people sign in by their browser (/login/callback).',
      }),
    ),
    client_secret_file: Type.Optional(Type.String({ minLength: 1, description: 'For a client that has a secret.' })),
    scopes: Type.String({ default: 'openid profile email', minLength: 1 }),
    mfa: Type.Optional(
      Type.Object(
        { claim: text, values: Type.Array(text, { minItems: 1 }) },
        { ...closed, description: 'What shows that a second factor was used: teams under HIPAA demand it.' },
      ),
    ),
  },
  closed,
);
const File = Type.Object({ issuers: Type.Array(IssuerSchema, { minItems: 1 }) }, closed);

/** Somebody whose word on who people are is taken. */
export type Issuer = Static<typeof IssuerSchema>;

/** The issuers of a file. @throws INVALID_PARAMETER that names the file and the field */
export function readIssuers(path: string): Issuer[] {
  const invalid = (what: string) =>
    new PlatformError('INVALID_PARAMETER', `oidc-issuers: ${path}: ${what}.`, { field: 'oidc-issuers' });
  let content: unknown;
  try {
    content = parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(`it cannot be read: ${(error as Error).message}`);
  }
  const file = Value.Default(File, content);
  const [first] = Value.Errors(File, file);
  if (first) throw invalid(`${first.instancePath.replaceAll('/', '.').slice(1) || 'it'} ${first.message}`);
  const { issuers } = file as Static<typeof File>;
  const open = issuers.find(
    ({ issuer }) => new URL(issuer).protocol === 'http:' && !isLoopback(new URL(issuer).hostname),
  );
  if (open) throw invalid(`${open.issuer} is reached without TLS: anyone on the way could give keys of their own`);
  if (new Set(issuers.map(({ id_prefix }) => id_prefix)).size < issuers.length) {
    throw invalid('two issuers have the same id_prefix: people of the one would be those of the other');
  }
  return issuers;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}
