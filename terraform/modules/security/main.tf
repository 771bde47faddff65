locals {
  aws    = "arn:${data.aws_partition.current.partition}"
  region = data.aws_region.current.id
  detections = {
    S3_DATA_EVENTS         = []
    EKS_AUDIT_LOGS         = []
    EBS_MALWARE_PROTECTION = []
    RDS_LOGIN_EVENTS       = []
    LAMBDA_NETWORK_LOGS    = []
    RUNTIME_MONITORING     = ["EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"]
  }
}

data "aws_region" "current" {}

data "aws_partition" "current" {}

# ---- CloudTrail (once for each account)

resource "aws_cloudwatch_log_group" "trail" {
  count = var.trail == null ? 0 : 1

  name              = "/aws/cloudtrail/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.trail.log_key_arn
  tags              = var.tags
}

data "aws_iam_policy_document" "trust" {
  for_each = { trail = "cloudtrail.amazonaws.com", config = "config.amazonaws.com" }

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.value]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "trail" {
  count = var.trail == null ? 0 : 1

  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.trail[0].arn}:*"]
  }
}

resource "aws_iam_role" "trail" {
  count = var.trail == null ? 0 : 1

  name               = "${var.name}-cloudtrail"
  description        = "CloudTrail to CloudWatch"
  assume_role_policy = data.aws_iam_policy_document.trust["trail"].json
  tags               = var.tags
}

resource "aws_iam_role_policy" "trail" {
  count = var.trail == null ? 0 : 1

  name   = "logs"
  role   = aws_iam_role.trail[0].id
  policy = data.aws_iam_policy_document.trail[0].json
}

resource "aws_cloudtrail" "this" {
  count = var.trail == null ? 0 : 1

  name                          = var.name
  s3_bucket_name                = var.audit_bucket
  s3_key_prefix                 = "cloudtrail"
  kms_key_id                    = var.audit_key_arn
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail[0].arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail[0].arn
  sns_topic_name                = var.trail.topic_name
  enable_logging                = true
  enable_log_file_validation    = true
  is_multi_region_trail         = true
  include_global_service_events = true
  tags                          = var.tags

  advanced_event_selector {
    name = "Management"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  advanced_event_selector {
    name = "Objects"

    field_selector {
      field  = "eventCategory"
      equals = ["Data"]
    }

    field_selector {
      field  = "resources.type"
      equals = ["AWS::S3::Object"]
    }

    field_selector {
      field       = "resources.ARN"
      starts_with = var.trail.bucket_arn_prefixes
    }
  }

  insight_selector {
    insight_type = "ApiCallRateInsight"
  }

  insight_selector {
    insight_type = "ApiErrorRateInsight"
  }

  depends_on = [aws_iam_role_policy.trail]
}

# People sign in by SSO; the rules hold for users that somebody makes all the same.
resource "aws_iam_account_password_policy" "this" {
  count = var.trail == null ? 0 : 1

  minimum_password_length        = 14
  require_lowercase_characters   = true
  require_uppercase_characters   = true
  require_numbers                = true
  require_symbols                = true
  allow_users_to_change_password = true
  max_password_age               = 90
  password_reuse_prevention      = 24
}

resource "aws_s3_account_public_access_block" "this" {
  count = var.trail == null ? 0 : 1

  account_id              = var.account_id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

# ---- defaults of the region

resource "aws_ebs_snapshot_block_public_access" "this" {
  state = "block-all-sharing"
}

resource "aws_ec2_instance_metadata_defaults" "this" {
  http_tokens                 = "required"
  http_put_response_hop_limit = 1
}

# ---- detection

resource "aws_guardduty_detector" "this" {
  count = contains(var.baseline, "guardduty") ? 1 : 0

  enable                       = true
  finding_publishing_frequency = "FIFTEEN_MINUTES"
  tags                         = var.tags
}

resource "aws_guardduty_detector_feature" "this" {
  for_each = contains(var.baseline, "guardduty") ? local.detections : {}

  detector_id = aws_guardduty_detector.this[0].id
  name        = each.key
  status      = "ENABLED"

  dynamic "additional_configuration" {
    for_each = each.value

    content {
      name   = additional_configuration.value
      status = "ENABLED"
    }
  }
}

resource "aws_securityhub_account" "this" {
  count = contains(var.baseline, "security_hub") ? 1 : 0

  enable_default_standards  = false
  control_finding_generator = "SECURITY_CONTROL"
  auto_enable_controls      = true
}

resource "aws_securityhub_standards_subscription" "this" {
  for_each = contains(var.baseline, "security_hub") ? var.security_standards : []

  standards_arn = "${local.aws}:securityhub:${local.region}::${each.key}"

  depends_on = [aws_securityhub_account.this]
}

resource "aws_accessanalyzer_analyzer" "this" {
  analyzer_name = var.name
  type          = "ACCOUNT"
  tags          = var.tags
}

resource "aws_iam_role" "config" {
  count = contains(var.baseline, "config") ? 1 : 0

  name               = "${var.name}-config-${local.region}"
  description        = "AWS Config"
  assume_role_policy = data.aws_iam_policy_document.trust["config"].json
  tags               = var.tags
}

resource "aws_iam_role_policy_attachment" "config" {
  count = contains(var.baseline, "config") ? 1 : 0

  role       = aws_iam_role.config[0].name
  policy_arn = "${local.aws}:iam::aws:policy/service-role/AWS_ConfigRole"
}

data "aws_iam_policy_document" "config" {
  statement {
    sid       = "Deliver"
    actions   = ["s3:PutObject"]
    resources = ["${local.aws}:s3:::${var.config_bucket}/config/*"]
  }

  statement {
    sid       = "Look"
    actions   = ["s3:GetBucketAcl"]
    resources = ["${local.aws}:s3:::${var.config_bucket}"]
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.audit_key_arn]
  }
}

resource "aws_iam_role_policy" "config" {
  count = contains(var.baseline, "config") ? 1 : 0

  name   = "deliver"
  role   = aws_iam_role.config[0].id
  policy = data.aws_iam_policy_document.config.json
}

resource "aws_config_configuration_recorder" "this" {
  count = contains(var.baseline, "config") ? 1 : 0

  name     = var.name
  role_arn = aws_iam_role.config[0].arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = var.trail != null
  }
}

resource "aws_config_delivery_channel" "this" {
  count = contains(var.baseline, "config") ? 1 : 0

  name           = var.name
  s3_bucket_name = var.config_bucket
  s3_key_prefix  = "config"

  depends_on = [aws_config_configuration_recorder.this, aws_iam_role_policy.config]
}

resource "aws_config_configuration_recorder_status" "this" {
  count = contains(var.baseline, "config") ? 1 : 0

  name       = aws_config_configuration_recorder.this[0].name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_config_rule" "this" {
  for_each = contains(var.baseline, "config") ? var.config_rules : {}

  name             = "${var.name}-${each.key}"
  input_parameters = length(each.value.parameters) > 0 ? jsonencode(each.value.parameters) : null
  tags             = var.tags

  source {
    owner             = "AWS"
    source_identifier = each.value.identifier
  }

  depends_on = [aws_config_configuration_recorder.this]
}
