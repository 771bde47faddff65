# Who copies, and what.

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
    resources = distinct(concat([for bucket in keys(local.replicas) : local.encrypted[bucket]], values(local.regulated_copies)[*].key_arn))
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:Encrypt", "kms:GenerateDataKey"]
    resources = distinct(concat(values(local.replicas), values(local.regulated_copies)[*].replica_key_arn))
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

  # Of rules that fit an object the highest priority counts: regulated data is copied under its own key.
  dynamic "rule" {
    for_each = concat(
      [{ id = "second-region", priority = 1, prefix = "", key = each.value }],
      each.key == "data" ? [for index, team in sort(keys(local.regulated_copies)) : {
        id = "team-${team}", priority = index + 2, prefix = "teams/${team}/", key = local.regulated_copies[team].replica_key_arn
      }] : [],
    )

    content {
      id       = rule.value.id
      status   = "Enabled"
      priority = rule.value.priority

      filter {
        prefix = rule.value.prefix
      }

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
          replica_kms_key_id = rule.value.key
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
  }

  depends_on = [aws_s3_bucket_versioning.this, aws_s3_bucket_versioning.replica]
}
