# Written by npm run generate from modules/dns/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name   = "mlops-prod"
  domain = "mlops.example.com"
  load_balancers = {
    primary   = { name = "k8s-1.elb.us-east-1.amazonaws.com", zone_id = "Z26RNL4JYFTOTI" }
    secondary = { name = "k8s-2.elb.us-west-2.amazonaws.com", zone_id = "Z18D5FSROUN65G" }
  }
  query_log = { key_arn = "arn:aws:kms:us-east-1:123456789012:key/logs" }
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "fails_over" {
  module {
    source = "./modules/dns"
  }

  assert {
    condition     = length(aws_route53_record.this) == 12 && alltrue([for key, record in aws_route53_record.this : one(record.failover_routing_policy).type == upper(split("/", key)[1]) && one(record.alias).evaluate_target_health])
    error_message = "Every host has a primary and a secondary."
  }

  assert {
    condition     = aws_route53_health_check.primary[0].type == "TCP" && aws_route53_health_check.primary[0].port == 443 && aws_route53_health_check.primary[0].request_interval == 10 && aws_route53_record.this["mlflow/primary"].health_check_id != null && aws_route53_record.this["mlflow/secondary"].health_check_id == null
    error_message = "The primary's health leads."
  }

  assert {
    condition     = aws_route53_record.this["@/primary"].name == "mlops.example.com" && aws_route53_record.this["*.models/primary"].name == "*.models.mlops.example.com"
    error_message = "Hosts are in the domain."
  }

  assert {
    condition     = contains(aws_route53_record.caa.records, "0 issue \"letsencrypt.org\"") && aws_cloudwatch_log_group.queries[0].kms_key_id == var.query_log.key_arn && aws_cloudwatch_log_group.queries[0].retention_in_days == 365
    error_message = "One authority issues certificates; queries are logged, encrypted."
  }
}

run "starts_without_load_balancers" {
  module {
    source = "./modules/dns"
  }

  variables {
    load_balancers = null
    query_log      = null
  }

  assert {
    condition     = length(aws_route53_record.this) == 0 && length(aws_route53_health_check.primary) == 0 && length(aws_route53_query_log.this) == 0
    error_message = "The zone alone, until there is something to point at."
  }
}

run "needs_no_failover_with_one" {
  module {
    source = "./modules/dns"
  }

  variables {
    load_balancers = { primary = { name = "k8s-1.elb.us-east-1.amazonaws.com", zone_id = "Z26RNL4JYFTOTI" } }
    tags           = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = length(aws_route53_record.this) == 6 && alltrue([for record in aws_route53_record.this : length(record.failover_routing_policy) == 0])
    error_message = "One load balancer, plain records."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/dns"
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
    source = "./modules/dns"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/dns"
  }

  command = plan

  variables {
    domain         = "localhost"
    hosts          = ["a b"]
    load_balancers = { primary = { name = "example.com", zone_id = "Z1" }, secondary = { name = "example.com", zone_id = "Z1" } }
    query_log      = { key_arn = "key" }
  }

  expect_failures = [var.domain, var.hosts, var.load_balancers, var.query_log]
}

run "refuses_production_without_a_second_region" {
  module {
    source = "./modules/dns"
  }

  command = plan

  variables {
    load_balancers = { primary = { name = "k8s-1.elb.us-east-1.amazonaws.com", zone_id = "Z26RNL4JYFTOTI" } }
  }

  expect_failures = [var.load_balancers]
}
