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
