import { run } from '@mlops/child-process';

/** Who signs: a key of one's own, or whoever this workflow is, by Sigstore. */
export type Signer = { readonly key: string } | 'workflow';
/** Whose signature counts: a public key's, or a workflow's by its address. */
export type Trusted = { readonly key: string } | { readonly identity: string };

/** GitHub's issuer of workflows' identities: https://docs.github.com/en/actions/concepts/security/openid-connect */
const ISSUER = 'https://token.actions.githubusercontent.com';

/** Where the signature of a version is kept among its run's artifacts. */
export const signaturePath = (name: string, version: string) => `signatures/${name}/${version}.sig`;

/** OpenSSF's program for signatures of models: https://github.com/sigstore/model-transparency */
async function modelSigning(args: readonly string[]): Promise<string | undefined> {
  const { code, stdout, stderr } = await run(process.env['MLOPS_TOOL_MODEL_SIGNING'] ?? 'model_signing', args);
  return code === 0 ? undefined : (stderr || stdout).trim().split('\n').at(-1);
}

/** Signs all files of a folder. @throws with the program's words. */
export async function sign(folder: string, signature: string, signer: Signer): Promise<void> {
  const by = signer === 'workflow' ? ['sigstore', '--use_ambient_credentials'] : ['key', `--private_key=${signer.key}`];
  const [method = '', ...flags] = by;
  const problem = await modelSigning(['sign', method, folder, `--signature=${signature}`, ...flags]);
  if (problem !== undefined) throw new Error(`model_signing: ${problem}`);
}

/** Why the files of a folder are not those that were signed by who is trusted; undefined where they are. */
export function unverified(folder: string, signature: string, trusted: Trusted): Promise<string | undefined> {
  const [method = '', ...flags] =
    'key' in trusted
      ? ['key', `--public_key=${trusted.key}`]
      : ['sigstore', `--identity=${trusted.identity}`, `--identity_provider=${ISSUER}`];
  return modelSigning(['verify', method, folder, `--signature=${signature}`, ...flags]);
}
