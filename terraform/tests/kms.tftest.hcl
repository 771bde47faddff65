# Written by npm run generate from modules/kms/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name       = "mlops-prod"
  account_id = "123456789012"
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "makes_a_key_for_each_domain" {
  module {
    source = "./modules/kms"
  }

  assert {
    condition     = length(aws_kms_key.this) == 13 && alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.rotation_period_in_days == 365])
    error_message = "Every domain has a key, and every key rotates each year."
  }

  assert {
    condition     = aws_kms_alias.this["hipaa"].name == "alias/mlops-prod-hipaa" && output.aliases["pci"] == "alias/mlops-prod-pci"
    error_message = "The manifests name the keys by alias."
  }

  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.deletion_window_in_days == 30])
    error_message = "A deleted key can be had back for 30 days."
  }

  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.tags["Team"] == "platform" && key.tags["CostCenter"] == "engineering"])
    error_message = "Every key carries the tags."
  }
}

run "policies_name_nobody_else" {
  module {
    source = "./modules/kms"
  }

  assert {
    condition = alltrue(flatten([for document in data.aws_iam_policy_document.key : [for statement in document.statement : [
      for principal in statement.principals : !contains(principal.identifiers, "*") || alltrue([
        for variable, value in { "kms:CallerAccount" = "123456789012", "aws:PrincipalArn" = "arn:aws:iam::123456789012:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling" } :
        length([for condition in statement.condition : condition if condition.variable == variable && one(condition.values) == value]) == 1
      ])
    ]]]))
    error_message = "No key is open to everybody: what names no principal leaves one role of this account."
  }

  # A statement for the account delegates to IAM, where a service-linked role has no rights on keys.
  assert {
    condition = alltrue([for domain in ["hipaa", "pci", "volumes"] : alltrue([for sid in ["Launch", "Attach"] :
      length([for statement in data.aws_iam_policy_document.key[domain].statement : statement if statement.sid == sid && one(statement.principals).identifiers == toset(["*"])]) == 1
    ])])
    error_message = "Auto Scaling gets the volumes' keys from their policies themselves."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.key["logs"].statement : !contains(one(statement.principals).identifiers, "logs.us-east-1.amazonaws.com") || (
      [for condition in statement.condition : condition.variable] == ["kms:EncryptionContext:aws:logs:arn"]
    )])
    error_message = "CloudWatch Logs is confined by the context that it documents, and by nothing else."
  }

  assert {
    condition     = alltrue(flatten([for document in data.aws_iam_policy_document.key : [for statement in document.statement : !contains(statement.actions, "kms:*")]]))
    error_message = "No policy allows all of KMS."
  }

  assert {
    condition = alltrue(flatten([for document in data.aws_iam_policy_document.key : [for statement in document.statement : [
      for condition in statement.condition : condition.variable == "aws:SourceAccount" && one(condition.values) == "123456789012"
    ] if statement.sid == "Services"]]))
    error_message = "Services may use a key for this account only."
  }
}

run "encrypts_what_names_no_key" {
  module {
    source = "./modules/kms"
  }

  assert {
    condition     = aws_ebs_encryption_by_default.this[0].enabled && aws_ebs_default_kms_key.this[0].key_arn == aws_kms_key.this["volumes"].arn
    error_message = "Volumes are encrypted by the key of volumes, whoever makes them."
  }
}

run "makes_only_what_is_asked_for" {
  module {
    source = "./modules/kms"
  }

  variables {
    domains = ["backups"]
  }

  assert {
    condition     = join(" ", keys(output.arns)) == "backups" && length(aws_ebs_default_kms_key.this) == 0
    error_message = "One domain, one key, and the region's default is somebody else's affair."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/kms"
  }

  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/kms"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/kms"
  }

  command = plan

  variables {
    account_id      = "12"
    domains         = ["unknown"]
    rotation_days   = 366
    deletion_window = 6
  }

  expect_failures = [var.account_id, var.domains, var.rotation_days, var.deletion_window]
}

run "refuses_short_windows_in_production" {
  module {
    source = "./modules/kms"
  }

  command = plan

  variables {
    deletion_window = 7
  }

  expect_failures = [var.deletion_window]
}
