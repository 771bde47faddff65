locals {
  # A zone is a place in a bucket with a life of its own. Names and prefixes are those that the manifests use.
  zones = { for zone, place in local.all_zones : zone => place if contains(keys(var.key_arns), place.bucket) }
  all_zones = {
    raw       = { bucket = "data", prefix = "raw/", storage_class = "GLACIER_IR" }
    processed = { bucket = "data", prefix = "processed/", storage_class = "INTELLIGENT_TIERING" }
    models    = { bucket = "artifacts", prefix = "models/", storage_class = "INTELLIGENT_TIERING" }
    logs      = { bucket = "logs", prefix = "", storage_class = "GLACIER_IR" }
    audit     = { bucket = "audit", prefix = "", storage_class = "GLACIER_IR" }
    config    = { bucket = "config", prefix = "", storage_class = "GLACIER_IR" }
  }
  expiration = { logs = var.log_retention_days, "access-logs" = var.log_retention_days }
  encrypted  = var.key_arns
  # S3 delivers its own access logs only to buckets that are encrypted with S3's key.
  takes_access_logs = var.access_log_bucket == null
  buckets           = toset(concat(keys(local.encrypted), local.takes_access_logs ? ["access-logs"] : []))
  iam               = "arn:${data.aws_partition.current.partition}"
  regulated_copies  = contains(keys(var.replicas), "data") ? var.regulated_teams : {}
  locked            = setintersection(["audit"], keys(local.encrypted))
  # Names of buckets are one space for all accounts of AWS.
  names         = { for bucket in local.buckets : bucket => "${var.name}-${bucket}-${var.account_id}" }
  replica_names = { for bucket in keys(var.replicas) : bucket => "${var.name}-${bucket}-replica-${var.account_id}" }
  replicas      = var.replicas
  deliveries = {
    logs = [{
      sid    = "LogDelivery", service = "delivery.logs.amazonaws.com", actions = ["s3:PutObject", "s3:GetBucketAcl", "s3:ListBucket"]
      source = "${local.iam}:logs:*:${var.account_id}:*"
    }]
    audit = [{ sid = "CloudTrail", service = "cloudtrail.amazonaws.com", actions = ["s3:PutObject", "s3:GetBucketAcl"], source = var.trail_arn }]
    # Config delivers to no bucket with Object Lock, so its history does not lie with the trail.
    config = [{
      sid    = "Config", service = "config.amazonaws.com", actions = ["s3:PutObject", "s3:GetBucketAcl", "s3:ListBucket"]
      source = "${local.iam}:config:*:${var.account_id}:*"
    }]
    "access-logs" = [{
      sid    = "ServerAccessLogs", service = "logging.s3.amazonaws.com", actions = ["s3:PutObject"]
      source = "${local.iam}:s3:::*-${var.account_id}"
    }]
  }
}

data "aws_partition" "current" {}

resource "aws_s3_bucket" "this" {
  for_each = local.buckets

  bucket              = local.names[each.key]
  object_lock_enabled = contains(local.locked, each.key)
  force_destroy       = var.force_destroy
  tags                = merge(var.tags, { Name = local.names[each.key] })
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

resource "aws_s3_bucket_logging" "this" {
  for_each = local.encrypted

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = local.takes_access_logs ? aws_s3_bucket.this["access-logs"].id : var.access_log_bucket
  target_prefix = "${each.key}/"

  depends_on = [aws_s3_bucket_policy.this]
}
