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
  count = var.karpenter == null ? 0 : 1

  name        = "${local.cluster_name}-karpenter"
  description = "What Karpenter hears of its nodes' end before it comes"
  event_pattern = jsonencode({
    source = ["aws.ec2", "aws.health"]
    "detail-type" = [
      "AWS Health Event", "EC2 Instance Rebalance Recommendation", "EC2 Instance State-change Notification",
      "EC2 Spot Instance Interruption Warning",
    ]
  })
  tags = var.tags
}

resource "aws_cloudwatch_event_target" "interruptions" {
  count = var.karpenter == null ? 0 : 1

  rule      = aws_cloudwatch_event_rule.interruptions[0].name
  target_id = "karpenter"
  arn       = aws_sqs_queue.interruptions[0].arn
}
