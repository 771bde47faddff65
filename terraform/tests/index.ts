// What the tests of kubernetes/ need of Terraform.
export { planOf } from './plans.ts';
export { terraformSuite } from './provider.ts';
