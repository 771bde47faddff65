# The copies in the second region: buckets as closed and as encrypted as their originals.

resource "aws_s3_bucket" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  bucket              = local.replica_names[each.key]
  object_lock_enabled = contains(local.locked, each.key)
  force_destroy       = var.force_destroy
  tags                = merge(var.tags, { Name = local.replica_names[each.key] })
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
