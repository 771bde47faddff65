mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name       = "mlops-prod"
  account_id = "123456789012"
  buckets = {
    data            = "mlops-prod-data-123456789012"
    artifacts       = "mlops-prod-artifacts-123456789012"
    logs            = "mlops-prod-logs-123456789012"
    backups         = "mlops-prod-backups-123456789012"
    backups_replica = "mlops-prod-backups-replica-123456789012"
  }
  key_arns = {
    data              = "arn:aws:kms:us-east-1:123456789012:key/data"
    artifacts         = "arn:aws:kms:us-east-1:123456789012:key/artifacts"
    logs              = "arn:aws:kms:us-east-1:123456789012:key/logs"
    backups           = "arn:aws:kms:us-east-1:123456789012:key/backups"
    backups_secondary = "arn:aws:kms:us-west-2:123456789012:key/backups"
    secrets           = "arn:aws:kms:us-east-1:123456789012:key/secrets"
    volumes           = "arn:aws:kms:us-east-1:123456789012:key/volumes"
    hipaa             = "arn:aws:kms:us-east-1:123456789012:key/hipaa"
    pci               = "arn:aws:kms:us-east-1:123456789012:key/pci"
    notifications     = "arn:aws:kms:us-east-1:123456789012:key/notifications"
  }
  secret_prefix = "mlops/prod"
  domain        = "mlops.example.com"
  vpc_id        = "vpc-1"
  teams         = { data-science = {}, clinical = { compliance = "hipaa" } }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "spells_out_every_right" {
  assert {
    condition     = alltrue(flatten([for document in data.aws_iam_policy_document.workload : [for statement in document.statement : [for action in statement.actions : !strcontains(action, "*")]]]))
    error_message = "No action with a wildcard."
  }

  assert {
    condition = alltrue(flatten([for document in data.aws_iam_policy_document.workload : [for statement in document.statement :
      !contains(statement.resources, "*") || contains(["Look", "Find", "Results", "ListProfiles", "Certificates"], statement.sid)
    ]]))
    error_message = "All resources only where the call knows none."
  }

  assert {
    condition     = alltrue([for role in aws_iam_role.workload : role.permissions_boundary == aws_iam_policy.boundary.arn && role.max_session_duration == 3600])
    error_message = "Every role has the boundary, and sessions of an hour."
  }

  assert {
    condition     = !anytrue(flatten([for statement in data.aws_iam_policy_document.boundary.statement : [for action in statement.actions : strcontains(action, "*") || contains(["iam:CreateUser", "iam:CreateAccessKey", "iam:PutRolePolicy", "iam:AttachRolePolicy"], action)]]))
    error_message = "Within the boundary nobody makes users, keys or policies."
  }

  assert {
    # IAM's limit of a managed policy is 6144 characters.
    condition     = sum([for statement in data.aws_iam_policy_document.boundary.statement : length(jsonencode(statement.actions))]) < 5600
    error_message = "The boundary fits into a policy."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.boundary.statement : statement.sid != "Data" || [for condition in statement.condition : one(condition.values)] == [var.account_id]])
    error_message = "Data of other accounts is out of reach."
  }
}

run "gives_roles_to_one_service_account_each" {
  assert {
    condition     = alltrue([for account in ["mlops/platform-api", "mlflow/mlflow", "feast/feast-features", "feast/feast-materialise", "flink/flink", "monitoring/loki", "team-data-science/workload", "team-clinical/workload", "velero/velero", "external-secrets/external-secrets", "cert-manager/cert-manager", "kube-system/karpenter", "kube-system/aws-load-balancer-controller"] : contains(keys(output.pod_identities), account)])
    error_message = "Each workload of the manifests has a role."
  }

  assert {
    condition = alltrue(flatten([for account, document in data.aws_iam_policy_document.trust : [for statement in document.statement : [
      for condition in statement.condition : one(condition.values) == split("/", account)[0] if condition.variable == "aws:RequestTag/kubernetes-namespace"
    ]]]))
    error_message = "A role is for its own namespace only."
  }

  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.workload["team-clinical/workload"].statement : contains(statement.resources, "arn:aws:kms:us-east-1:123456789012:key/hipaa") && !contains(statement.resources, "arn:aws:kms:us-east-1:123456789012:key/data")])
    error_message = "Health data has a key of its own."
  }

  assert {
    condition     = anytrue([for statement in data.aws_iam_policy_document.workload["team-data-science/workload"].statement : statement.sid == "Data" && join(" ", statement.resources) == "arn:aws:s3:::mlops-prod-data-123456789012/teams/data-science/*"])
    error_message = "A team writes below its own prefix."
  }

  assert {
    condition     = join(" ", values(output.secrets_by_hand)) == "mlops/prod/alert-receivers mlops/prod/edge-users mlops/prod/grafana mlops/prod/kafka" && alltrue([for secret in aws_secretsmanager_secret.by_hand : secret.kms_key_id == var.key_arns.secrets])
    error_message = "Secrets that people fill are there, and encrypted by a key of ours."
  }
}

run "attaches_encrypted_volumes" {
  # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
  assert {
    condition = alltrue([for account in ["kube-system/karpenter", "kube-system/ebs-csi-controller-sa"] : alltrue([
      for action in ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:ReEncryptFrom", "kms:ReEncryptTo"] :
      anytrue([for statement in data.aws_iam_policy_document.workload[account].statement : contains(statement.actions, action) && contains(statement.resources, var.key_arns.hipaa)])
    ])])
    error_message = "Who attaches a volume may use its key."
  }

  assert {
    condition = alltrue(flatten([for document in data.aws_iam_policy_document.workload : [for statement in document.statement :
      !contains(statement.actions, "kms:CreateGrant") || [for condition in statement.condition : condition.variable] == ["kms:GrantIsForAWSResource"]
    ]]))
    error_message = "Keys are granted to AWS's services alone."
  }
}

run "touches_only_its_own" {
  assert {
    condition     = !anytrue([for statement in data.aws_iam_policy_document.workload["velero/velero"].statement : anytrue([for action in statement.actions : startswith(action, "ec2:")])])
    error_message = "Velero has no rights on snapshots: the volume driver makes them."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.workload["monitoring/loki"].statement : !contains(statement.resources, "arn:aws:s3:::mlops-prod-logs-123456789012/*")])
    error_message = "Loki cannot delete flow logs, which lie in its bucket."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.workload["kube-system/karpenter"].statement :
      !contains(statement.actions, "ec2:TerminateInstances") || contains([for condition in statement.condition : condition.variable], "aws:ResourceTag/karpenter.sh/nodepool")
    ])
    error_message = "Karpenter ends no managed node."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.workload["kube-system/karpenter"].statement :
      !contains(statement.actions, "iam:CreateInstanceProfile") || statement.resources == toset(["arn:aws:iam::123456789012:instance-profile/karpenter/us-east-1/mlops-prod/*"])
    ])
    error_message = "Karpenter makes its profiles below its own path."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.workload["kube-system/aws-load-balancer-controller"].statement :
      !contains(statement.actions, "elasticloadbalancing:AddTags") || length(statement.condition) > 0
    ])
    error_message = "No foreign load balancer becomes the cluster's own by a tag."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.workload["cert-manager/cert-manager"].statement :
      !contains(statement.actions, "route53:ChangeResourceRecordSets") || length(statement.condition) == 2
    ])
    error_message = "cert-manager writes the records of its proofs, and no address of anything."
  }

  assert {
    condition     = !anytrue(flatten([for statement in data.aws_iam_policy_document.workload["feast/feast-features"].statement : [for resource in statement.resources : endswith(resource, "/mlops")]]))
    error_message = "Feast does not sign in as Redshift's superuser."
  }
}

run "refuses_bad_names_and_tags" {
  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  command = plan

  variables {
    account_id      = "x"
    buckets         = { data = "", artifacts = "", logs = "", backups = "", backups_replica = "" }
    key_arns        = { data = "x", artifacts = "x", logs = "x", backups = "x", backups_secondary = "x", secrets = "x", volumes = "x", hipaa = "x", pci = "x", notifications = "x" }
    secret_prefix   = "mlops"
    domain          = "localhost"
    vpc_id          = ""
    teams           = { "Data Science" = {} }
    secrets_by_hand = { "A B" = "x" }
  }

  expect_failures = [
    var.account_id, var.buckets, var.key_arns, var.secret_prefix, var.domain, var.vpc_id, var.teams, var.secrets_by_hand,
  ]
}

run "refuses_unknown_compliance" {
  command = plan

  variables {
    teams = { fraud = { compliance = "secret" } }
  }

  expect_failures = [var.teams]
}

run "copies_what_people_fill_in" {
  variables {
    secret_replica = { region = "us-west-2", key_arn = "arn:aws:kms:us-west-2:123456789012:key/secrets" }
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.by_hand : one(secret.replica).region == "us-west-2" && one(secret.replica).kms_key_id == var.secret_replica.key_arn])
    error_message = "What is filled in once is in both regions."
  }
}

run "refuses_a_copy_without_a_key" {
  command = plan

  variables {
    secret_replica = { region = "us-west-2", key_arn = "key" }
  }

  expect_failures = [var.secret_replica]
}
