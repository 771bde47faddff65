mock_provider "aws" {
  source = "../../tests/mocks"
}

variables {
  name           = "mlops-prod"
  monthly_budget = 850000
  team_budgets   = { data-science = { amount = 1000, emails = ["lead@company.com"] } }
  emails         = ["mlops-support@company.com"]
  topic_arn      = "arn:aws:sns:us-east-1:123456789012:mlops-prod-warning"
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "warns_in_time" {
  assert {
    condition     = alltrue([for budget in aws_budgets_budget.this : join(" ", sort([for notification in budget.notification : tostring(notification.threshold) if notification.notification_type == "ACTUAL"])) == "100 80 90"])
    error_message = "Budgets ring at 80, 90 and 100 %."
  }

  assert {
    condition     = alltrue([for budget in aws_budgets_budget.this : anytrue([for notification in budget.notification : notification.notification_type == "FORECASTED"])])
    error_message = "A forecast rings before the money is spent."
  }

  assert {
    condition     = one(one(aws_budgets_budget.this["team-data-science"].cost_filter).values) == "user:Team$data-science" && length(aws_budgets_budget.this["total"].cost_filter) == 0
    error_message = "A team's budget counts what has its tag, the total all of the account."
  }

  assert {
    condition     = anytrue([for notification in aws_budgets_budget.this["team-data-science"].notification : notification.threshold == 90 && contains(coalesce(notification.subscriber_email_addresses, []), "lead@company.com")])
    error_message = "At 90 % the team's lead gets mail."
  }

  assert {
    condition     = aws_ce_anomaly_monitor.this.monitor_dimension == "SERVICE" && one(aws_ce_anomaly_subscription.this.subscriber).address == var.topic_arn
    error_message = "Unexpected spending is reported."
  }
}

run "activates_tags" {
  variables {
    cost_allocation_tags = ["Team", "CostCenter"]
  }

  assert {
    condition     = join(" ", keys(aws_ce_cost_allocation_tag.this)) == "CostCenter Team" && alltrue([for tag in aws_ce_cost_allocation_tag.this : tag.status == "Active"])
    error_message = "A budget of a team sees nothing while its tag is not active."
  }
}

run "refuses_unknown_tags" {
  command = plan

  variables {
    cost_allocation_tags = ["team"]
  }

  expect_failures = [var.cost_allocation_tags]
}

run "refuses_bad_names_and_tags" {
  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  command = plan

  variables {
    monthly_budget    = 0
    team_budgets      = { one = { amount = 0 } }
    emails            = []
    topic_arn         = "topic"
    anomaly_threshold = 0
  }

  expect_failures = [var.monthly_budget, var.team_budgets, var.emails, var.topic_arn, var.anomaly_threshold]
}

run "refuses_bad_addresses" {
  command = plan

  variables {
    team_budgets = { one = { amount = 1, emails = ["nobody"] } }
    emails       = ["nobody"]
  }

  expect_failures = [var.team_budgets, var.emails]
}
