import { suite } from '@mlops/testing';
import { describe } from 'vitest';
import { hasProvider } from '../terraform.ts';

const provider = await hasProvider();

/** A suite that needs Terraform with the AWS provider: skipped, saying so, where neither mirror nor registry has it. */
export function terraformSuite(name: string, needs: readonly string[], body: () => void): void {
  if (provider) suite(name, { needs: ['terraform', ...needs] }, body);
  else describe.skip(`${name} (needs terraform and terraform-provider-aws)`, body);
}
