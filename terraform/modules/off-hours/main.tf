locals {
  aws  = "arn:${data.aws_partition.current.partition}"
  here = "${data.aws_region.current.id}:${var.account_id}"
  role = "${local.aws}:iam::${var.account_id}:role/${var.name}-off-hours"
  # Databases first in the morning and last in the evening.
  actions = merge(
    { for key, group in var.node_groups : "nodes-${key}-stop" => {
      at = "0 ${var.hours.stop}", call = "eks:updateNodegroupConfig"
      input = jsonencode({
        ClusterName = var.cluster_name, NodegroupName = key, ScalingConfig = { MinSize = 0, DesiredSize = 0, MaxSize = group.max }
      })
    } },
    { for key, group in var.node_groups : "nodes-${key}-start" => {
      at = "15 ${var.hours.start}", call = "eks:updateNodegroupConfig"
      input = jsonencode({
        ClusterName = var.cluster_name, NodegroupName = key, ScalingConfig = { MinSize = 0, DesiredSize = group.desired, MaxSize = group.max }
      })
    } },
    # Karpenter's own nodes: it runs on the managed ones, so by now it is gone and makes no others. In the morning it comes back
    # and finds out by itself what is missing.
    var.karpenter_tag == null ? {} : { karpenter-stop = {
      at = "30 ${var.hours.stop}", call = "ssm:startAutomationExecution"
      input = jsonencode({
        DocumentName = "AWS-TerminateEC2Instance", TargetParameterName = "InstanceId", MaxConcurrency = "10", MaxErrors = "100%"
        Targets      = [{ Key = "tag:${var.karpenter_tag.key}", Values = [var.karpenter_tag.value] }]
        Parameters   = { AutomationAssumeRole = [local.role] }
      })
    } },
    { for key, id in var.databases : "rds-${key}-stop" => {
      at = "30 ${var.hours.stop}", call = "rds:stopDBInstance", input = jsonencode({ DbInstanceIdentifier = id })
    } },
    { for key, id in var.databases : "rds-${key}-start" => {
      at = "0 ${var.hours.start}", call = "rds:startDBInstance", input = jsonencode({ DbInstanceIdentifier = id })
    } },
    { for key, id in var.redshift_clusters : "redshift-${key}-stop" => {
      at = "30 ${var.hours.stop}", call = "redshift:pauseCluster", input = jsonencode({ ClusterIdentifier = id })
    } },
    { for key, id in var.redshift_clusters : "redshift-${key}-start" => {
      at = "0 ${var.hours.start}", call = "redshift:resumeCluster", input = jsonencode({ ClusterIdentifier = id })
    } },
  )
}

data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = var.karpenter_tag == null ? ["scheduler.amazonaws.com"] : ["scheduler.amazonaws.com", "ssm.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account_id]
    }
  }
}

data "aws_iam_policy_document" "actions" {
  statement {
    sid     = "Nodes"
    actions = ["eks:UpdateNodegroupConfig"]
    resources = [
      "${local.aws}:eks:${local.here}:nodegroup/${var.cluster_name}/*/*",
    ]
  }

  dynamic "statement" {
    for_each = length(var.databases) > 0 ? [values(var.databases)] : []

    content {
      sid       = "Databases"
      actions   = ["rds:StartDBInstance", "rds:StopDBInstance"]
      resources = [for id in statement.value : "${local.aws}:rds:${local.here}:db:${id}"]
    }
  }

  dynamic "statement" {
    for_each = length(var.redshift_clusters) > 0 ? [values(var.redshift_clusters)] : []

    content {
      sid       = "Redshift"
      actions   = ["redshift:PauseCluster", "redshift:ResumeCluster"]
      resources = [for id in statement.value : "${local.aws}:redshift:${local.here}:cluster:${id}"]
    }
  }

  dynamic "statement" {
    for_each = var.karpenter_tag == null ? {} : {
      Automation = { actions = ["ssm:StartAutomationExecution"], resources = ["${local.aws}:ssm:${data.aws_region.current.id}:*:automation-definition/AWS-TerminateEC2Instance:*"] }
      Children   = { actions = ["ssm:GetAutomationExecution"], resources = ["${local.aws}:ssm:${local.here}:automation-execution/*"] }
      Hand       = { actions = ["iam:PassRole"], resources = [local.role] }
      # these name no resource
      Find = { actions = ["ec2:DescribeInstances", "ec2:DescribeInstanceStatus", "tag:GetResources"], resources = ["*"] }
    }

    content {
      sid       = statement.key
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }

  dynamic "statement" {
    for_each = var.karpenter_tag == null ? [] : [var.karpenter_tag]

    content {
      sid       = "Terminate"
      actions   = ["ec2:TerminateInstances"]
      resources = ["${local.aws}:ec2:${local.here}:instance/*"]

      condition {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${statement.value.key}"
        values   = [statement.value.value]
      }
    }
  }

  statement {
    sid       = "Key"
    actions   = ["kms:Decrypt"]
    resources = [var.key_arn]
  }
}

resource "aws_iam_role" "this" {
  name                 = "${var.name}-off-hours"
  description          = "Stops ${var.name} outside business hours"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  name   = "stop-and-start"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.actions.json
}

resource "aws_scheduler_schedule_group" "this" {
  name = "${var.name}-off-hours"
  tags = var.tags
}

resource "aws_scheduler_schedule" "this" {
  for_each = local.actions

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.this.name
  description                  = "${each.value.call} on working days"
  schedule_expression          = "cron(${each.value.at} ? * ${var.hours.days} *)"
  schedule_expression_timezone = var.hours.timezone
  kms_key_arn                  = var.key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "${local.aws}:scheduler:::aws-sdk:${each.value.call}"
    role_arn = aws_iam_role.this.arn
    input    = each.value.input

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 5
    }
  }
}
