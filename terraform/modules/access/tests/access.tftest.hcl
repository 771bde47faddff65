mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name       = "mlops-prod"
  account_id = "123456789012"
  buckets = {
    data            = "mlops-prod-data"
    artifacts       = "mlops-prod-artifacts"
    logs            = "mlops-prod-logs"
    backups         = "mlops-prod-backups"
    backups_replica = "mlops-prod-backups-replica"
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
  secret_prefix            = "mlops/prod"
  hosted_zone_arn          = "arn:aws:route53:::hostedzone/Z1"
  vpc_id                   = "vpc-1"
  prometheus_workspace_arn = "arn:aws:aps:us-east-1:123456789012:workspace/ws-1"
  teams                    = { data-science = {}, clinical = { compliance = "hipaa" } }
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
    condition     = anytrue([for statement in data.aws_iam_policy_document.workload["team-data-science/workload"].statement : statement.sid == "Data" && join(" ", statement.resources) == "arn:aws:s3:::mlops-prod-data/teams/data-science/*"])
    error_message = "A team writes below its own prefix."
  }

  assert {
    condition     = join(" ", values(output.secrets_by_hand)) == "mlops/prod/alert-receivers mlops/prod/edge-users mlops/prod/grafana mlops/prod/kafka" && alltrue([for secret in aws_secretsmanager_secret.by_hand : secret.kms_key_id == var.key_arns.secrets])
    error_message = "Secrets that people fill are there, and encrypted by a key of ours."
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
    account_id               = "x"
    buckets                  = { data = "", artifacts = "", logs = "", backups = "", backups_replica = "" }
    key_arns                 = { data = "x", artifacts = "x", logs = "x", backups = "x", backups_secondary = "x", secrets = "x", volumes = "x", hipaa = "x", pci = "x", notifications = "x" }
    secret_prefix            = "mlops"
    hosted_zone_arn          = "Z1"
    vpc_id                   = ""
    prometheus_workspace_arn = "ws-1"
    teams                    = { "Data Science" = {} }
    secrets_by_hand          = { "A B" = "x" }
  }

  expect_failures = [
    var.account_id, var.buckets, var.key_arns, var.secret_prefix, var.hosted_zone_arn, var.vpc_id, var.prometheus_workspace_arn, var.teams, var.secrets_by_hand,
  ]
}

run "refuses_unknown_compliance" {
  command = plan

  variables {
    teams = { fraud = { compliance = "secret" } }
  }

  expect_failures = [var.teams]
}
