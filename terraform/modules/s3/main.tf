locals {
  # A zone is a place in a bucket with a life of its own. Names and prefixes are those that the manifests use.
  zones = {
    raw       = { bucket = "data", prefix = "raw/", storage_class = "GLACIER_IR" }
    processed = { bucket = "data", prefix = "processed/", storage_class = "INTELLIGENT_TIERING" }
    models    = { bucket = "artifacts", prefix = "models/", storage_class = "INTELLIGENT_TIERING" }
    logs      = { bucket = "logs", prefix = "", storage_class = "GLACIER_IR" }
    audit     = { bucket = "audit", prefix = "", storage_class = "GLACIER_IR" }
  }
  expiration = { logs = var.log_retention_days, "access-logs" = var.log_retention_days }
  encrypted  = { for bucket, arn in var.key_arns : bucket => arn }
  # S3 delivers its own access logs only to buckets that are encrypted with S3's key.
  buckets  = toset(concat(keys(local.encrypted), ["access-logs"]))
  iam      = "arn:${data.aws_partition.current.partition}"
  locked   = toset(["audit"])
  replicas = var.replicas
  deliveries = {
    logs = [{
      sid    = "LogDelivery", service = "delivery.logs.amazonaws.com", actions = ["s3:PutObject", "s3:GetBucketAcl", "s3:ListBucket"]
      source = "${local.iam}:logs:*:${var.account_id}:*"
    }]
    audit = [
      { sid = "CloudTrail", service = "cloudtrail.amazonaws.com", actions = ["s3:PutObject", "s3:GetBucketAcl"], source = var.trail_arn },
      {
        sid    = "Config", service = "config.amazonaws.com", actions = ["s3:PutObject", "s3:GetBucketAcl", "s3:ListBucket"]
        source = "${local.iam}:config:*:${var.account_id}:*"
      },
    ]
    "access-logs" = [{
      sid    = "ServerAccessLogs", service = "logging.s3.amazonaws.com", actions = ["s3:PutObject"]
      source = "${local.iam}:s3:::${var.name}-*"
    }]
  }
}

data "aws_partition" "current" {}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket              = "${var.name}-${each.key}"
  object_lock_enabled = contains(local.locked, each.key)
  force_destroy       = var.force_destroy
  tags                = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    bucket_key_enabled = contains(keys(local.encrypted), each.key)

    apply_server_side_encryption_by_default {
      sse_algorithm     = contains(keys(local.encrypted), each.key) ? "aws:kms" : "AES256"
      kms_master_key_id = lookup(local.encrypted, each.key, null)
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

data "aws_iam_policy_document" "bucket" {
  for_each = local.buckets

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  statement {
    sid       = "Tls12"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "NumericLessThan"
      variable = "s3:TlsVersion"
      values   = ["1.2"]
    }
  }

  dynamic "statement" {
    for_each = lookup(local.deliveries, each.key, [])

    content {
      sid     = statement.value.sid
      actions = statement.value.actions
      resources = length(statement.value.actions) == 1 ? ["${aws_s3_bucket.this[each.key].arn}/*"] : [
        aws_s3_bucket.this[each.key].arn, "${aws_s3_bucket.this[each.key].arn}/*",
      ]

      principals {
        type        = "Service"
        identifiers = [statement.value.service]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [var.account_id]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = [statement.value.source]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id
  policy = data.aws_iam_policy_document.bucket[each.key].json

  depends_on = [aws_s3_bucket_public_access_block.this]
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "unfinished-and-replaced"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = each.key == "audit" ? var.audit_lock.days : 35
    }
  }

  dynamic "rule" {
    for_each = { for zone, place in local.zones : zone => place if place.bucket == each.key }

    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = rule.value.prefix
      }

      transition {
        days          = var.tiering_days
        storage_class = rule.value.storage_class
      }
    }
  }

  dynamic "rule" {
    for_each = contains(keys(local.expiration), each.key) ? [local.expiration[each.key]] : []

    content {
      id     = "retention"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_object_lock_configuration" "this" {
  for_each = local.locked

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    default_retention {
      mode = var.audit_lock.mode
      days = var.audit_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.this]
}

resource "aws_s3_bucket_logging" "this" {
  for_each = local.encrypted

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = aws_s3_bucket.this["access-logs"].id
  target_prefix = "${each.key}/"

  depends_on = [aws_s3_bucket_policy.this]
}

resource "aws_s3_bucket_notification" "this" {
  for_each = toset(["data", "artifacts"])

  bucket      = aws_s3_bucket.this[each.key].id
  eventbridge = true
}

# ---- copies in the second region

resource "aws_s3_bucket" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket              = "${var.name}-${each.key}-replica"
  object_lock_enabled = contains(local.locked, each.key)
  force_destroy       = var.force_destroy
  tags                = merge(var.tags, { Name = "${var.name}-${each.key}-replica" })
}

resource "aws_s3_bucket_versioning" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket = aws_s3_bucket.replica[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket = aws_s3_bucket.replica[each.key].id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = each.value
    }
  }
}

resource "aws_s3_bucket_public_access_block" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket                  = aws_s3_bucket.replica[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket = aws_s3_bucket.replica[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

data "aws_iam_policy_document" "replica" {
  for_each = local.replicas

  dynamic "statement" {
    for_each = {
      TlsOnly = { test = "Bool", variable = "aws:SecureTransport", value = "false" }
      Tls12   = { test = "NumericLessThan", variable = "s3:TlsVersion", value = "1.2" }
    }

    content {
      sid       = statement.key
      effect    = "Deny"
      actions   = ["s3:*"]
      resources = [aws_s3_bucket.replica[each.key].arn, "${aws_s3_bucket.replica[each.key].arn}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = statement.value.test
        variable = statement.value.variable
        values   = [statement.value.value]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket = aws_s3_bucket.replica[each.key].id
  policy = data.aws_iam_policy_document.replica[each.key].json

  depends_on = [aws_s3_bucket_public_access_block.replica]
}

resource "aws_s3_bucket_lifecycle_configuration" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket = aws_s3_bucket.replica[each.key].id

  rule {
    id     = "unfinished-and-replaced"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }

    noncurrent_version_expiration {
      noncurrent_days = each.key == "audit" ? var.audit_lock.days : 35
    }
  }

  # A copy is read after a disaster only; within milliseconds, and for a sixth of the price.
  rule {
    id     = "rarely-read"
    status = "Enabled"

    filter {}

    transition {
      days          = var.tiering_days
      storage_class = "GLACIER_IR"
    }
  }

  depends_on = [aws_s3_bucket_versioning.replica]
}

resource "aws_s3_bucket_object_lock_configuration" "replica" {
  for_each = { for bucket, arn in local.replicas : bucket => arn if contains(local.locked, bucket) }
  provider = aws.secondary

  bucket = aws_s3_bucket.replica[each.key].id

  rule {
    default_retention {
      mode = var.audit_lock.mode
      days = var.audit_lock.days
    }
  }

  depends_on = [aws_s3_bucket_versioning.replica]
}

data "aws_iam_policy_document" "replication_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "replication" {
  count = length(local.replicas) > 0 ? 1 : 0

  statement {
    sid       = "Source"
    actions   = ["s3:GetReplicationConfiguration", "s3:ListBucket", "s3:GetObjectRetention", "s3:GetObjectLegalHold"]
    resources = flatten([for bucket in keys(local.replicas) : [aws_s3_bucket.this[bucket].arn, "${aws_s3_bucket.this[bucket].arn}/*"]])
  }

  statement {
    sid       = "Read"
    actions   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"]
    resources = [for bucket in keys(local.replicas) : "${aws_s3_bucket.this[bucket].arn}/*"]
  }

  statement {
    sid       = "Write"
    actions   = ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"]
    resources = [for bucket in keys(local.replicas) : "${aws_s3_bucket.replica[bucket].arn}/*"]
  }

  statement {
    sid       = "Decrypt"
    actions   = ["kms:Decrypt"]
    resources = distinct([for bucket in keys(local.replicas) : local.encrypted[bucket]])
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = distinct(values(local.replicas))
  }
}

resource "aws_iam_role" "replication" {
  count = length(local.replicas) > 0 ? 1 : 0

  name               = "${var.name}-replication"
  description        = "Copies objects to the second region"
  assume_role_policy = data.aws_iam_policy_document.replication_trust.json
  tags               = var.tags
}

resource "aws_iam_role_policy" "replication" {
  count = length(local.replicas) > 0 ? 1 : 0

  name   = "copy"
  role   = aws_iam_role.replication[0].id
  policy = data.aws_iam_policy_document.replication[0].json
}

resource "aws_s3_bucket_replication_configuration" "this" {
  for_each = local.replicas

  bucket = aws_s3_bucket.this[each.key].id
  role   = aws_iam_role.replication[0].arn

  rule {
    id       = "second-region"
    status   = "Enabled"
    priority = 1

    filter {}

    # Deletions stay in the region where somebody deleted: the copy protects from them, too.
    delete_marker_replication {
      status = "Disabled"
    }

    source_selection_criteria {
      sse_kms_encrypted_objects {
        status = "Enabled"
      }
    }

    destination {
      bucket        = aws_s3_bucket.replica[each.key].arn
      storage_class = "STANDARD"

      encryption_configuration {
        replica_kms_key_id = each.value
      }

      replication_time {
        status = "Enabled"

        time {
          minutes = 15
        }
      }

      metrics {
        status = "Enabled"

        event_threshold {
          minutes = 15
        }
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.this, aws_s3_bucket_versioning.replica]
}
