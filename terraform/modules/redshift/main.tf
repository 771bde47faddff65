locals {
  cluster    = "${var.name}-offline"
  database   = "features"
  production = var.tags.Environment == "prod"
  logs       = toset(["connectionlog", "useractivitylog", "userlog"])
}

data "aws_region" "current" {}

resource "aws_redshift_subnet_group" "this" {
  name        = local.cluster
  description = "Offline features of ${var.name}"
  subnet_ids  = var.network.subnet_ids
  tags        = var.tags
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-redshift-"
  description = "Redshift from the cluster"
  vpc_id      = var.network.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-redshift" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.network.client_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "Redshift from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5439
  to_port                      = 5439
  tags                         = var.tags
}

resource "aws_redshift_parameter_group" "this" {
  name        = local.cluster
  family      = "redshift-2.0"
  description = "TLS only, user activity logged"
  tags        = var.tags

  parameter {
    name  = "require_ssl"
    value = "true"
  }

  parameter {
    name  = "enable_user_activity_logging"
    value = "true"
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["redshift.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "data" {
  statement {
    sid       = "List"
    actions   = ["s3:ListBucket", "s3:GetBucketLocation"]
    resources = [var.data_bucket_arn]
  }

  statement {
    sid       = "CopyAndUnload"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
    resources = ["${var.data_bucket_arn}/feast/*", "${var.data_bucket_arn}/processed/*"]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.key_arns.data]
  }
}

resource "aws_iam_role" "this" {
  name                 = local.cluster
  description          = "COPY and UNLOAD of Redshift"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "data"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.data.json
}

resource "aws_redshift_cluster" "this" {
  cluster_identifier                  = local.cluster
  database_name                       = local.database
  master_username                     = "mlops"
  manage_master_password              = true # Secrets Manager makes and rotates it
  master_password_secret_kms_key_id   = var.key_arns.secrets
  node_type                           = var.node_type
  cluster_type                        = var.nodes > 1 ? "multi-node" : "single-node"
  number_of_nodes                     = var.nodes
  encrypted                           = true
  kms_key_id                          = var.key_arns.storage
  publicly_accessible                 = false
  enhanced_vpc_routing                = true
  cluster_subnet_group_name           = aws_redshift_subnet_group.this.name
  cluster_parameter_group_name        = aws_redshift_parameter_group.this.name
  vpc_security_group_ids              = [aws_security_group.this.id]
  iam_roles                           = [aws_iam_role.this.arn]
  allow_version_upgrade               = true
  automated_snapshot_retention_period = var.snapshot_retention_days
  preferred_maintenance_window        = "sun:06:00-sun:06:30"
  skip_final_snapshot                 = !local.production
  final_snapshot_identifier           = local.production ? "${local.cluster}-final" : null
  tags                                = merge(var.tags, { Name = local.cluster })
}

# Redshift would make them without encryption, to be kept for ever.
resource "aws_cloudwatch_log_group" "this" {
  for_each = local.logs

  name              = "/aws/redshift/cluster/${local.cluster}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
  tags              = var.tags
}

resource "aws_redshift_logging" "this" {
  cluster_identifier   = aws_redshift_cluster.this.id
  log_destination_type = "cloudwatch"
  log_exports          = local.logs

  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_redshift_snapshot_schedule" "this" {
  identifier    = local.cluster
  description   = "Hourly: what is lost is an hour at most"
  definitions   = ["rate(1 hours)"]
  force_destroy = true
  tags          = var.tags
}

resource "aws_redshift_snapshot_schedule_association" "this" {
  cluster_identifier  = aws_redshift_cluster.this.id
  schedule_identifier = aws_redshift_snapshot_schedule.this.id
}

resource "aws_redshift_snapshot_copy_grant" "this" {
  count    = var.snapshot_copy == null ? 0 : 1
  provider = aws.secondary

  snapshot_copy_grant_name = local.cluster
  kms_key_id               = var.snapshot_copy.key_arn
  tags                     = var.tags
}

resource "aws_redshift_snapshot_copy" "this" {
  count = var.snapshot_copy == null ? 0 : 1

  cluster_identifier               = aws_redshift_cluster.this.id
  destination_region               = var.snapshot_copy.region
  retention_period                 = var.snapshot_retention_days
  snapshot_copy_grant_name         = aws_redshift_snapshot_copy_grant.this[0].snapshot_copy_grant_name
  manual_snapshot_retention_period = 35
}

resource "aws_secretsmanager_secret" "this" {
  name                    = "${var.secret_prefix}/redshift"
  description             = "Where the offline feature store is; it is reached by the Data API with a role, without a password"
  kms_key_id              = var.key_arns.secrets
  recovery_window_in_days = var.tags.Environment == "dev" ? 0 : 30
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id
  secret_string = jsonencode({
    cluster        = aws_redshift_cluster.this.cluster_identifier
    dbname         = local.database
    username       = "feast" # not the superuser: docs/runbooks/deployment-guide.md makes it
    role_arn       = aws_iam_role.this.arn
    staging_bucket = element(split(":", var.data_bucket_arn), 5)
    region         = data.aws_region.current.id
  })
}
