locals {
  topics     = toset(var.topic_arns == null ? ["critical", "warning"] : [])
  topic_arns = var.topic_arns == null ? { for key, topic in aws_sns_topic.this : key => topic.arn } : { critical = var.topic_arns.critical, warning = var.topic_arns.warning }
  publishers = [
    "budgets.amazonaws.com", "cloudtrail.amazonaws.com", "cloudwatch.amazonaws.com", "costalerts.amazonaws.com", "events.amazonaws.com",
  ]
  # What of CloudTrail is an event that somebody must see (CIS AWS Foundations, section 4).
  events = {
    root-sign-in           = "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != \"AwsServiceEvent\" }"
    sign-in-without-mfa    = "{ $.eventName = \"ConsoleLogin\" && $.additionalEventData.MFAUsed != \"Yes\" && $.userIdentity.type = \"IAMUser\" }"
    unauthorised-calls     = "{ $.errorCode = \"*UnauthorizedOperation\" || $.errorCode = \"AccessDenied*\" }"
    iam-changes            = "{ $.eventSource = \"iam.amazonaws.com\" && ($.eventName = \"*Policy\" || $.eventName = \"*PolicyVersion\") && $.eventName != \"Get*\" && $.eventName != \"List*\" && $.eventName != \"Simulate*\" }"
    trail-changes          = "{ $.eventSource = \"cloudtrail.amazonaws.com\" && ($.eventName = \"*Logging\" || $.eventName = \"CreateTrail\" || $.eventName = \"UpdateTrail\" || $.eventName = \"DeleteTrail\") }"
    sign-in-failures       = "{ $.eventName = \"ConsoleLogin\" && $.errorMessage = \"Failed authentication\" }"
    bucket-policy-changes  = "{ $.eventSource = \"s3.amazonaws.com\" && ($.eventName = \"PutBucketPolicy\" || $.eventName = \"DeleteBucketPolicy\" || $.eventName = \"PutBucketAcl\" || $.eventName = \"PutBucketCors\" || $.eventName = \"DeleteBucketCors\" || $.eventName = \"PutBucketLifecycle\" || $.eventName = \"DeleteBucketLifecycle\" || $.eventName = \"PutBucketReplication\" || $.eventName = \"DeleteBucketReplication\") }"
    recorder-changes       = "{ $.eventSource = \"config.amazonaws.com\" && ($.eventName = \"StopConfigurationRecorder\" || $.eventName = \"PutConfigurationRecorder\" || $.eventName = \"*DeliveryChannel\") }"
    security-group-changes = "{ $.eventName = \"AuthorizeSecurityGroup*\" || $.eventName = \"RevokeSecurityGroup*\" || $.eventName = \"CreateSecurityGroup\" || $.eventName = \"DeleteSecurityGroup\" }"
    network-acl-changes    = "{ $.eventName = \"CreateNetworkAcl*\" || $.eventName = \"DeleteNetworkAcl*\" || $.eventName = \"ReplaceNetworkAcl*\" }"
    gateway-changes        = "{ $.eventName = \"*InternetGateway\" || $.eventName = \"*CustomerGateway\" }"
    route-changes          = "{ $.eventSource = \"ec2.amazonaws.com\" && ($.eventName = \"CreateRoute*\" || $.eventName = \"ReplaceRoute*\" || $.eventName = \"DeleteRoute*\" || $.eventName = \"DisassociateRouteTable\") }"
    vpc-changes            = "{ $.eventName = \"CreateVpc\" || $.eventName = \"DeleteVpc\" || $.eventName = \"ModifyVpcAttribute\" || $.eventName = \"*VpcPeeringConnection\" }"
    key-deletion           = "{ $.eventSource = \"kms.amazonaws.com\" && ($.eventName = \"DisableKey\" || $.eventName = \"ScheduleKeyDeletion\") }"
  }
  watched_events = var.trail_log_group == null ? {} : local.events
  alarms = merge(
    { for key, id in var.databases : "rds-${key}-cpu" => {
      namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = { DBInstanceIdentifier = id }, above = 80, below = null, topic = "warning"
    } },
    { for key, id in var.databases : "rds-${key}-storage" => {
      namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = { DBInstanceIdentifier = id }, above = null, below = 4294967296, topic = "critical"
    } },
    { for key, id in var.databases : "rds-${key}-connections" => {
      namespace = "AWS/RDS", metric = "DatabaseConnections", dimensions = { DBInstanceIdentifier = id }, above = 300, below = null, topic = "warning"
    } },
    { for key, id in var.cache_nodes : "redis-${key}-memory" => {
      namespace = "AWS/ElastiCache", metric = "DatabaseMemoryUsagePercentage", dimensions = { CacheClusterId = id }, above = 75, below = null, topic = "critical"
    } },
    { for key, id in var.cache_nodes : "redis-${key}-cpu" => {
      namespace = "AWS/ElastiCache", metric = "EngineCPUUtilization", dimensions = { CacheClusterId = id }, above = 80, below = null, topic = "warning"
    } },
    { for key, id in var.redshift_clusters : "redshift-${key}-disk" => {
      namespace = "AWS/Redshift", metric = "PercentageDiskSpaceUsed", dimensions = { ClusterIdentifier = id }, above = 80, below = null, topic = "warning"
    } },
  )
}

resource "aws_sns_topic" "this" {
  for_each = local.topics

  name              = "${var.name}-${each.key}"
  kms_master_key_id = var.key_arn
  tags              = var.tags
}

data "aws_iam_policy_document" "topic" {
  for_each = local.topics

  statement {
    sid       = "Publish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this[each.key].arn]

    principals {
      type        = "Service"
      identifiers = local.publishers
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this[each.key].arn]

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
}

resource "aws_sns_topic_policy" "this" {
  for_each = local.topics

  arn    = aws_sns_topic.this[each.key].arn
  policy = data.aws_iam_policy_document.topic[each.key].json
}

resource "aws_sns_topic_subscription" "email" {
  for_each = { for pair in setproduct(local.topics, var.emails) : "${pair[0]}/${pair[1]}" => { topic = pair[0], address = pair[1] } }

  topic_arn = aws_sns_topic.this[each.value.topic].arn
  protocol  = "email"
  endpoint  = each.value.address
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.metric} ${each.value.above == null ? "below ${each.value.below}" : "above ${each.value.above}"}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = "Average"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = each.value.above == null ? "LessThanThreshold" : "GreaterThanThreshold"
  threshold           = each.value.above == null ? each.value.below : each.value.above
  treat_missing_data  = "notBreaching" # dev is stopped at night
  alarm_actions       = [local.topic_arns[each.value.topic]]
  ok_actions          = [local.topic_arns[each.value.topic]]
  tags                = var.tags
}

resource "aws_cloudwatch_log_metric_filter" "events" {
  for_each = local.watched_events

  name           = "${var.name}-${each.key}"
  log_group_name = var.trail_log_group
  pattern        = each.value

  metric_transformation {
    name          = each.key
    namespace     = "${var.name}/trail"
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "events" {
  for_each = local.watched_events

  alarm_name          = "${var.name}-trail-${each.key}"
  alarm_description   = "CloudTrail: ${each.key}"
  namespace           = "${var.name}/trail"
  metric_name         = each.key
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.key == "unauthorised-calls" ? 10 : 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.topic_arns["critical"]]
  tags                = var.tags

  depends_on = [aws_cloudwatch_log_metric_filter.events]
}
