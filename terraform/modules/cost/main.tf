locals {
  budgets = merge(
    { total = { amount = var.monthly_budget, filter = null, emails = var.emails } },
    { for team, budget in var.team_budgets : "team-${team}" => {
      amount = budget.amount, filter = format("user:Team$%s", team), emails = setunion(budget.emails, var.emails)
    } },
  )
  # The environment has an account of its own, so the whole of the account's bill is its total: that needs no tag, and misses
  # nothing that carries none. A team's share is known by the tag Team, once the account that pays has activated it.
  # 80 % to the channel, 90 % to who answers for it, 100 % to both; the forecast warns before it happens.
  notifications = {
    "80"       = { threshold = 80, type = "ACTUAL", mail = false }
    "90"       = { threshold = 90, type = "ACTUAL", mail = true }
    "100"      = { threshold = 100, type = "ACTUAL", mail = true }
    "forecast" = { threshold = 100, type = "FORECASTED", mail = true }
  }
}

resource "aws_budgets_budget" "this" {
  for_each = local.budgets

  name         = "${var.name}-${each.key}"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = format("%.1f", each.value.amount)
  limit_unit   = "USD"
  tags         = var.tags

  dynamic "cost_filter" {
    for_each = each.value.filter == null ? [] : [each.value.filter]

    content {
      name   = "TagKeyValue"
      values = [cost_filter.value]
    }
  }

  dynamic "notification" {
    for_each = local.notifications

    content {
      comparison_operator        = "GREATER_THAN"
      notification_type          = notification.value.type
      threshold                  = notification.value.threshold
      threshold_type             = "PERCENTAGE"
      subscriber_sns_topic_arns  = [var.topic_arn]
      subscriber_email_addresses = notification.value.mail ? each.value.emails : null
    }
  }
}

# Only the account that pays can activate a tag, and AWS refuses one that no bill has had yet.
# https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
resource "aws_ce_cost_allocation_tag" "this" {
  for_each = var.cost_allocation_tags

  tag_key = each.key
  status  = "Active"
}

resource "aws_ce_anomaly_monitor" "this" {
  name              = var.name
  monitor_type      = "DIMENSIONAL"
  monitor_dimension = "SERVICE"
  tags              = var.tags
}

resource "aws_ce_anomaly_subscription" "this" {
  name             = var.name
  frequency        = "IMMEDIATE"
  monitor_arn_list = [aws_ce_anomaly_monitor.this.arn]
  tags             = var.tags

  subscriber {
    type    = "SNS"
    address = var.topic_arn
  }

  threshold_expression {
    dimension {
      key           = "ANOMALY_TOTAL_IMPACT_ABSOLUTE"
      match_options = ["GREATER_THAN_OR_EQUAL"]
      values        = [tostring(var.anomaly_threshold)]
    }
  }
}
