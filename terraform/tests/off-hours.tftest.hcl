# Written by npm run generate from modules/off-hours/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name              = "mlops-dev"
  account_id        = "123456789012"
  cluster_name      = "mlops-dev"
  node_groups       = { system = { min = 0, desired = 1, max = 3 }, compute-spot = { min = 0, desired = 2, max = 10 } }
  databases         = { shared = "mlops-dev-shared" }
  redshift_clusters = { offline = "mlops-dev-offline" }
  karpenter_tag     = { key = "ManagedBy", value = "karpenter" }
  key_arn           = "arn:aws:kms:us-east-1:123456789012:key/notifications"
  tags              = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
}

run "stops_and_starts" {
  module {
    source = "./modules/off-hours"
  }

  assert {
    condition     = length(aws_scheduler_schedule.this) == 9 && alltrue([for key, schedule in aws_scheduler_schedule.this : strcontains(schedule.schedule_expression, "MON-FRI") && schedule.schedule_expression_timezone == "America/New_York"])
    error_message = "Each thing is stopped and started on working days."
  }

  assert {
    condition     = jsondecode(one(aws_scheduler_schedule.this["nodes-compute-spot-stop"].target).input).ScalingConfig.DesiredSize == 0 && jsondecode(one(aws_scheduler_schedule.this["nodes-compute-spot-start"].target).input).ScalingConfig.DesiredSize == 2
    error_message = "Nodes go in the evening and come back in the morning."
  }

  assert {
    condition     = one(aws_scheduler_schedule.this["rds-shared-stop"].target).arn == "arn:aws:scheduler:::aws-sdk:rds:stopDBInstance" && aws_scheduler_schedule.this["rds-shared-stop"].schedule_expression == "cron(30 19 ? * MON-FRI *)"
    error_message = "Databases stop after the nodes."
  }

  assert {
    condition     = alltrue([for schedule in aws_scheduler_schedule.this : schedule.kms_key_arn == var.key_arn]) && output.weekly_hours == 60
    error_message = "Schedules are encrypted; the week has 60 hours."
  }

  assert {
    condition     = alltrue(flatten([for statement in data.aws_iam_policy_document.actions.statement : [statement.sid == "Find" || !contains(statement.resources, "*"), [for action in statement.actions : !strcontains(action, "*")]]]))
    error_message = "The role may stop these things and no others."
  }
}

run "ends_what_karpenter_made" {
  module {
    source = "./modules/off-hours"
  }

  assert {
    condition     = jsondecode(one(aws_scheduler_schedule.this["karpenter-stop"].target).input).Targets == [{ Key = "tag:ManagedBy", Values = ["karpenter"] }] && aws_scheduler_schedule.this["karpenter-stop"].schedule_expression == "cron(30 19 ? * MON-FRI *)"
    error_message = "Karpenter's nodes end after the node groups on which Karpenter itself runs."
  }

  assert {
    condition = alltrue([for statement in data.aws_iam_policy_document.actions.statement : !contains(statement.actions, "ec2:TerminateInstances") || [
      for condition in statement.condition : [condition.variable, one(condition.values)]
    ] == [["aws:ResourceTag/ManagedBy", "karpenter"]]])
    error_message = "No other machine can be ended."
  }
}

run "leaves_machines_alone_without_karpenter" {
  module {
    source = "./modules/off-hours"
  }

  variables {
    karpenter_tag = null
  }

  assert {
    condition     = !contains(keys(aws_scheduler_schedule.this), "karpenter-stop") && !anytrue([for statement in data.aws_iam_policy_document.actions.statement : contains(statement.actions, "ec2:TerminateInstances")])
    error_message = "No Karpenter, no right to end machines."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/off-hours"
  }

  command = plan

  variables {
    name = "Mlops"
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.name, var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/off-hours"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/off-hours"
  }

  command = plan

  variables {
    account_id               = "x"
    hours                    = { start = 20, stop = 8 }
    cluster_name             = ""
    node_groups              = { system = { min = 1, desired = 1, max = 3 } }
    databases                = { one = "" }
    redshift_clusters        = { one = "" }
    key_arn                  = "key"
    karpenter_tag            = { key = "", value = "" }
    permissions_boundary_arn = "x"
  }

  expect_failures = [
    var.account_id, var.hours, var.cluster_name, var.node_groups, var.databases, var.redshift_clusters, var.key_arn, var.karpenter_tag, var.permissions_boundary_arn,
  ]
}

run "refuses_odd_days" {
  module {
    source = "./modules/off-hours"
  }

  command = plan

  variables {
    hours = { days = "weekdays" }
  }

  expect_failures = [var.hours]
}

run "refuses_production" {
  module {
    source = "./modules/off-hours"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.hours]
}
