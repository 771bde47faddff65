# Gives databases and caches new passwords. AWS's own rotation functions come from the Serverless Application Repository;
# this one needs neither that nor a database driver, because RDS and ElastiCache set a password by their interfaces.
locals {
  function = "${var.name}-rotation"
  aws      = "arn:${data.aws_partition.current.partition}"
  here     = "${data.aws_region.current.id}:${var.account_id}"
  package  = "${path.module}/function.zip"
}

data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "rotate" {
  statement {
    sid = "Secrets"
    actions = [
      "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue",
      "secretsmanager:UpdateSecretVersionStage",
    ]
    resources = ["${local.aws}:secretsmanager:${local.here}:secret:${var.secret_prefix}/*"]
  }

  statement {
    sid       = "NewPassword"
    actions   = ["secretsmanager:GetRandomPassword"]
    resources = ["*"] # the call names no resource
  }

  statement {
    sid     = "SetPassword"
    actions = ["rds:ModifyDBInstance", "rds:DescribeDBInstances"]
    resources = [
      "${local.aws}:rds:${local.here}:db:${var.name}-*",
    ]
  }

  statement {
    sid     = "SetToken"
    actions = ["elasticache:ModifyReplicationGroup", "elasticache:DescribeReplicationGroups"]
    resources = [
      "${local.aws}:elasticache:${local.here}:replicationgroup:${var.name}-*",
    ]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.key_arns.secrets]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid = "Network"
    actions = [
      "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
    ]
    resources = ["*"] # Lambda's own network interfaces; EC2 names none of them beforehand
  }

  statement {
    sid       = "Trace"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"] # X-Ray knows no resources
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${local.function}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
  tags              = var.tags
}

resource "aws_iam_role" "this" {
  name                 = local.function
  description          = "Rotates secrets of ${var.name}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "rotate"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.rotate.json
}

resource "aws_security_group" "this" {
  name_prefix = "${local.function}-"
  description = "Rotation function: HTTPS to the endpoints of AWS, nothing else and nothing in"
  vpc_id      = var.vpc.id
  tags        = merge(var.tags, { Name = local.function })

  lifecycle {
    create_before_destroy = true
  }
}

# The function knows every password: it has no way out of the VPC.
resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id            = aws_security_group.this.id
  description                  = "Endpoints of Secrets Manager, RDS and ElastiCache"
  referenced_security_group_id = var.vpc.endpoint_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  tags                         = var.tags
}

resource "aws_lambda_function" "this" {
  function_name    = local.function
  description      = "Gives a database or cache a new password and stores it"
  role             = aws_iam_role.this.arn
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  handler          = "index.handler"
  runtime          = "nodejs22.x"
  architectures    = ["arm64"]
  timeout          = 600
  memory_size      = 256
  tags             = var.tags

  tracing_config {
    mode = "Active"
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  vpc_config {
    subnet_ids         = var.vpc.subnet_ids
    security_group_ids = [aws_security_group.this.id]
  }

  depends_on = [aws_iam_role_policy.this]
}

resource "aws_lambda_permission" "secrets_manager" {
  statement_id   = "SecretsManager"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.this.function_name
  principal      = "secretsmanager.amazonaws.com"
  source_account = var.account_id
}
