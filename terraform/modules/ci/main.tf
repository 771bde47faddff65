# What GitHub's workflows may do here. They bring a token of GitHub's, no key: a role is taken by a workflow of one repository, and of
# one of its environments, whose protection rules (reviewers, branches) GitHub enforces before it gives the token.
# https://docs.github.com/en/actions/security-for-github-actions/security-hardening-your-deployments/configuring-openid-connect-in-amazon-web-services

locals {
  aws    = "arn:${data.aws_partition.current.partition}"
  iam    = "${local.aws}:iam::${var.account_id}"
  issuer = "token.actions.githubusercontent.com"
  state  = "${local.aws}:s3:::${var.platform_name}-terraform-state-${var.account_id}"
  # Whoever reads a plan of a branch may not apply it: two environments of GitHub's, two roles.
  roles = {
    plan   = { description = "Plans ${var.platform_name} and finds drift", environments = ["${var.environment}-plan"] }
    apply  = { description = "Applies saved plans of ${var.platform_name}", environments = [var.environment] }
    images = { description = "Pushes images of ${var.platform_name}", environments = ["${var.environment}-images"] }
  }
  # What Terraform reads to refresh, but no content of anybody's data, and no secret.
  kept_from_plan = ["dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "kinesis:GetRecords", "logs:GetLogEvents", "logs:FilterLogEvents", "sqs:ReceiveMessage", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"]
  # Its own chains: nothing that runs in CI may lengthen them, or switch off who watches.
  kept_from_apply = [
    "cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail",
    "config:DeleteConfigurationRecorder", "config:DeleteDeliveryChannel", "config:StopConfigurationRecorder",
    "guardduty:DeleteDetector", "guardduty:UpdateDetector", "securityhub:DisableSecurityHub",
    "backup:DeleteBackupVaultLockConfiguration", "backup:DeleteRecoveryPoint",
    "iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:CreateUser",
  ]
}

data "aws_partition" "current" {}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
  tags           = var.tags
}

data "aws_iam_policy_document" "trust" {
  for_each = local.roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [for environment in each.value.environments : "repo:${var.repository}:environment:${environment}"]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name                 = "${var.account_name}-ci-${each.key}"
  description          = each.value.description
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 7200 # databases take their time
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = data.aws_iam_policy_document.this[each.key].json
}

# Terraform reads some 300 kinds of call while it refreshes, and makes as many things; AWS keeps the lists.
resource "aws_iam_role_policy_attachment" "this" {
  for_each = { plan = "ReadOnlyAccess", apply = "PowerUserAccess" }

  role       = aws_iam_role.this[each.key].name
  policy_arn = "${local.aws}:iam::aws:policy/${each.value}"
}

data "aws_iam_policy_document" "this" {
  for_each = local.roles

  # ---- the state, its lock, and the plans that wait beside it. All are encrypted with S3's own key, which asks for no right of KMS.
  dynamic "statement" {
    for_each = { for sid, statement in {
      State = { actions = each.key == "plan" ? ["s3:GetObject"] : ["s3:GetObject", "s3:PutObject"], resources = ["${local.state}/*.tfstate"] }
      Lock  = { actions = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], resources = ["${local.state}/*.tflock"] }
      Plans = { actions = each.key == "plan" ? ["s3:PutObject"] : ["s3:GetObject"], resources = ["${local.state}/plans/*"] }
      Find  = { actions = ["s3:ListBucket"], resources = [local.state] }
    } : sid => statement if each.key != "images" }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  # ---- plan
  dynamic "statement" {
    for_each = { for sid, statement in {
      NoData    = { actions = ["s3:GetObject", "s3:GetObjectVersion"], resources = null, not_resources = ["${local.state}/*"] }
      NoContent = { actions = local.kept_from_plan, resources = ["*"], not_resources = null }
    } : sid => statement if each.key == "plan" }

    content {
      sid           = statement.key
      effect        = "Deny"
      actions       = statement.value.actions
      resources     = statement.value.resources
      not_resources = statement.value.not_resources
    }
  }

  # ---- apply: what PowerUserAccess leaves out, for roles of the environment's name
  dynamic "statement" {
    for_each = { for sid, statement in {
      Roles = {
        actions = [
          "iam:AttachRolePolicy", "iam:CreateRole", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PassRole",
          "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
          "iam:UpdateRole", "iam:UpdateRoleDescription",
        ]
        resources = ["${local.iam}:role/${var.platform_name}-*"]
      }
      Policies = {
        actions   = ["iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:TagPolicy", "iam:UntagPolicy"]
        resources = ["${local.iam}:policy/${var.platform_name}-*"]
      }
      Read = {
        actions = [
          "iam:GetPolicy", "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
          "iam:ListInstanceProfilesForRole", "iam:ListPolicyVersions", "iam:ListRolePolicies",
        ]
        resources = ["${local.iam}:role/${var.platform_name}-*", "${local.iam}:policy/${var.platform_name}-*"]
      }
    } : sid => statement if each.key == "apply" }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = { for sid, statement in {
      Watchers = { actions = local.kept_from_apply, resources = ["*"] }
      Itself   = { actions = ["iam:AttachRolePolicy", "iam:DeleteRole", "iam:PassRole", "iam:PutRolePolicy", "iam:UpdateAssumeRolePolicy"], resources = ["${local.iam}:role/${var.account_name}-*"] }
      Evidence = { actions = ["s3:BypassGovernanceRetention", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObjectVersion", "s3:PutBucketPolicy"], resources = ["${local.aws}:s3:::${var.account_name}-*"] }
    } : sid => statement if each.key == "apply" }

    content {
      sid       = statement.key
      effect    = "Deny"
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = each.key == "apply" ? ["NoAdministrators"] : []

    content {
      sid       = statement.value
      effect    = "Deny"
      actions   = ["iam:AttachRolePolicy"]
      resources = ["*"]

      condition {
        test     = "ArnEquals"
        variable = "iam:PolicyARN"
        values   = [for policy in ["AdministratorAccess", "IAMFullAccess", "PowerUserAccess"] : "${local.aws}:iam::aws:policy/${policy}"]
      }
    }
  }

  # ---- images
  dynamic "statement" {
    for_each = { for sid, statement in {
      SignIn = { actions = ["ecr:GetAuthorizationToken"], resources = ["*"] } # the call names no resource
      Push = {
        actions = [
          "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
        ]
        resources = values(var.repository_arns)
      }
    } : sid => statement if each.key == "images" }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
}
