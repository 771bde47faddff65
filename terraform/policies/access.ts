import { at } from './plan-view.ts';
import { missing, type Policy, refuse } from './policy.ts';

const ROTATION_DAYS = 90;

export const access: readonly Policy[] = [
  {
    id: 'no-people-in-iam',
    title: 'There are no IAM users, access keys or logins: people come by federation, programs by roles',
    proves: ['HIPAA 164.312(a)(2)(i)', 'HIPAA 164.312(d)', 'CIS 1.13', 'CIS 1.14', 'CIS 1.15', 'ADR-007'],
    needs: ['aws_iam_role'],
    check: (plan) =>
      refuse(
        plan.of(
          'aws_iam_user',
          'aws_iam_access_key',
          'aws_iam_user_login_profile',
          'aws_iam_user_policy',
          'aws_iam_user_policy_attachment',
        ),
        () => true,
        'is a credential that does not expire',
      ),
  },
  {
    id: 'cluster-access-entries',
    title: 'The cluster knows people by entries of their own, and its creator gets nothing by the way',
    proves: ['HIPAA 164.312(a)(1)', 'HIPAA 164.312(a)(2)(i)', 'HIPAA 164.312(d)', 'ADR-008'],
    needs: ['aws_eks_cluster', 'aws_eks_access_entry'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_eks_cluster'),
        ({ values }) =>
          at(values, 'access_config.authentication_mode') !== 'API' ||
          at(values, 'access_config.bootstrap_cluster_creator_admin_permissions') !== false,
        'lets its creator in, or reads the aws-auth map',
      ),
      ...refuse(
        plan.of('aws_eks_access_entry'),
        ({ values }) => /:root$|\*/.test(String(values['principal_arn'] ?? '')),
        'is not one role',
      ),
    ],
  },
  {
    id: 'workloads-have-roles',
    title: 'Each workload has a role of its own, within a boundary, that its service account alone can take',
    proves: ['HIPAA 164.312(a)(1)', 'ADR-003', 'ADR-008'],
    needs: ['aws_eks_pod_identity_association', 'aws_iam_role'],
    check: (plan) => {
      const workloads = plan
        .of('aws_iam_role')
        .filter(({ values }) => String(values['assume_role_policy']).includes('pods.eks.amazonaws.com'));
      return [
        ...missing(workloads.length === 0, 'has no role for pods'),
        ...refuse(workloads, (one) => !plan.isSet(one, 'permissions_boundary'), 'has no permissions boundary'),
        ...refuse(
          workloads,
          ({ values }) =>
            ['kubernetes-namespace', 'kubernetes-service-account'].some(
              (tag) => !String(values['assume_role_policy']).includes(`aws:RequestTag/${tag}`),
            ),
          'can be taken by other service accounts',
        ),
      ];
    },
  },
  {
    id: 'no-full-administrators',
    title: 'No policy of ours allows everything',
    proves: ['HIPAA 164.312(a)(1)', 'CIS 1.16', 'ADR-007'],
    needs: ['aws_iam_role', 'aws_iam_role_policy'],
    check: (plan) => [
      ...refuse(
        [...plan.documents].map(([address, statements]) => ({ address, statements })),
        ({ statements }) =>
          statements.some(
            ({ effect, actions }) =>
              effect !== 'Deny' && (actions ?? []).some((action) => action === '*' || action === 'iam:*'),
          ),
        'allows everything',
      ),
      ...refuse(
        plan.of('aws_iam_role_policy_attachment'),
        // who applies an environment makes all of it, and without IAM's users: its own rights are confined in the module ci
        ({ values }) =>
          /:policy\/(AdministratorAccess|IAMFullAccess|PowerUserAccess)$/.test(String(values['policy_arn'] ?? '')) &&
          !(String(values['policy_arn']).endsWith('/PowerUserAccess') && String(values['role']).endsWith('-ci-apply')),
        'attaches an administrator’s policy',
      ),
    ],
  },
  {
    id: 'password-policy',
    title: 'Where a password is possible at all, it is long and new',
    proves: ['HIPAA 164.312(d)', 'CIS 1.8', 'CIS 1.9'],
    needs: ['aws_iam_account_password_policy'],
    check: (plan) =>
      refuse(
        plan.of('aws_iam_account_password_policy'),
        ({ values }) =>
          Number(values['minimum_password_length']) < 14 || Number(values['password_reuse_prevention']) < 24,
        'lets passwords be short or used again',
      ),
  },
  {
    id: 'instance-metadata',
    title: "Nodes give their role's credentials to nobody else: IMDSv2, one hop",
    proves: ['HIPAA 164.312(a)(1)', 'CIS 5.6', 'ADR-008'],
    needs: ['aws_launch_template', 'aws_ec2_instance_metadata_defaults'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_launch_template'),
        ({ values }) =>
          at(values, 'metadata_options.http_tokens') !== 'required' ||
          at(values, 'metadata_options.http_put_response_hop_limit') !== 1,
        'lets pods take the credentials of the node',
      ),
      ...refuse(
        plan.of('aws_ec2_instance_metadata_defaults'),
        ({ values }) => values['http_tokens'] !== 'required',
        'lets new instances answer without a token',
      ),
    ],
  },
  {
    id: 'stores-authenticate',
    title: 'PostgreSQL takes IAM’s tokens, Redis asks for one, Redshift keeps its password to itself',
    proves: ['HIPAA 164.312(d)', 'ADR-004', 'ADR-007'],
    needs: ['aws_db_instance', 'aws_elasticache_replication_group', 'aws_redshift_cluster'],
    check: (plan) => [
      ...refuse(
        plan.of('aws_db_instance'),
        ({ values }) => values['iam_database_authentication_enabled'] !== true,
        'does not take tokens',
      ),
      ...refuse(
        plan.of('aws_elasticache_replication_group'),
        (one) => !plan.isSet(one, 'auth_token') && !plan.isSet(one, 'user_group_ids'),
        'asks for no token',
      ),
      ...refuse(
        plan.of('aws_redshift_cluster'),
        ({ values }) => values['manage_master_password'] !== true,
        'has a password that somebody knows',
      ),
    ],
  },
  {
    id: 'passwords-rotate',
    title: 'The passwords of databases and caches change within 90 days',
    proves: ['HIPAA 164.312(d)', 'ADR-007'],
    needs: ['aws_secretsmanager_secret_rotation', 'aws_db_instance', 'aws_elasticache_replication_group'],
    check: (plan) => {
      const rotations = plan.of('aws_secretsmanager_secret_rotation');
      // a replica has the password of its source
      const stores =
        plan.of('aws_db_instance').filter((one) => !plan.isSet(one, 'replicate_source_db')).length +
        plan.of('aws_elasticache_replication_group').length;
      return [
        ...refuse(
          rotations,
          ({ values }) => !(Number(at(values, 'rotation_rules.automatically_after_days')) <= ROTATION_DAYS),
          `does not rotate within ${ROTATION_DAYS} days`,
        ),
        ...missing(rotations.length < stores, 'has a store whose password does not rotate'),
      ];
    },
  },
];
