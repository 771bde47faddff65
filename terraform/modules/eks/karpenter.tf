resource "aws_eks_access_entry" "karpenter_node" {
  count = var.karpenter == null ? 0 : 1

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_iam_role.node["karpenter-node"].arn
  type          = "EC2_LINUX"
  tags          = var.tags
}

resource "aws_sqs_queue" "interruptions" {
  count = var.karpenter == null ? 0 : 1

  name                      = "${local.cluster_name}-karpenter"
  message_retention_seconds = 300
  kms_master_key_id         = var.karpenter.interruption_key_arn
  tags                      = var.tags
}

data "aws_iam_policy_document" "interruptions" {
  count = var.karpenter == null ? 0 : 1

  statement {
    sid       = "Events"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.interruptions[0].arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }

  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = [aws_sqs_queue.interruptions[0].arn]

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

resource "aws_sqs_queue_policy" "interruptions" {
  count = var.karpenter == null ? 0 : 1

  queue_url = aws_sqs_queue.interruptions[0].url
  policy    = data.aws_iam_policy_document.interruptions[0].json
}

resource "aws_cloudwatch_event_rule" "interruptions" {
  for_each = var.karpenter == null ? {} : {
    spot         = { source = "aws.ec2", detail = "EC2 Spot Instance Interruption Warning" }
    rebalance    = { source = "aws.ec2", detail = "EC2 Instance Rebalance Recommendation" }
    state-change = { source = "aws.ec2", detail = "EC2 Instance State-change Notification" }
    health       = { source = "aws.health", detail = "AWS Health Event" }
  }

  name          = "${local.cluster_name}-karpenter-${each.key}"
  description   = each.value.detail
  event_pattern = jsonencode({ source = [each.value.source], "detail-type" = [each.value.detail] })
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "interruptions" {
  for_each = aws_cloudwatch_event_rule.interruptions

  rule      = each.value.name
  target_id = "karpenter"
  arn       = aws_sqs_queue.interruptions[0].arn
}
