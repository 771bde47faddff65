import { run } from '@mlops/child-process';
import type { Environment } from '../../kubernetes/manifests.ts';
import { type Settings, settingsOf } from '../../kubernetes/settings.ts';

/** Something that is not there, and how it comes. */
export interface Missing {
  readonly what: string;
  readonly fix: string;
}

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a check may look at. */
export interface Context {
  readonly environment: Environment;
  readonly settings: Settings;
  /** The text of the account's settings and of the environment's. */
  readonly variables: string;
  /** Runs a program for at most a minute; one that is not installed answers with code 127. */
  readonly ask: (program: string, args: readonly string[]) => Promise<Answer>;
  /** What the AWS command line answers in the environment's region; undefined where AWS says no. */
  readonly aws: (...args: string[]) => Promise<unknown>;
}

export interface Check {
  readonly title: string;
  /** @returns what is missing; nothing where all is there */
  readonly look: (context: Context) => Promise<Missing[]>;
}

const MINUTE = 60_000;

/** @throws where terraform.tfvars lacks a setting. */
export async function contextOf(
  environment: Environment,
  variables: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Context> {
  const settings = await settingsOf(environment);
  const ask: Context['ask'] = async (program, args) => {
    try {
      return await run(program, args, { env, timeout: MINUTE });
    } catch (error) {
      return { code: 127, stdout: '', stderr: (error as Error).message };
    }
  };
  const aws: Context['aws'] = async (...args) => {
    const { code, stdout } = await ask('aws', [...args, `--region=${settings.region}`, '--output=json']);
    return code === 0 ? (JSON.parse(stdout || '{}') as unknown) : undefined;
  };
  return { environment, settings, variables, ask, aws };
}

/** Something missing, or nothing. */
export const unless = (there: boolean, what: string, fix: string): Missing[] => (there ? [] : [{ what, fix }]);

/** A value in an answer of AWS, by its path. */
export function at(answer: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, key) => (found as Record<string | number, unknown> | undefined)?.[key], answer);
}

/** A list in an answer of AWS, by its path; empty where there is none. */
export const listAt = (answer: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = at(answer, ...path);
  return Array.isArray(found) ? found : [];
};
