# Written by npm run generate from modules/vpc/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                = "mlops-prod"
  vpc_cidr            = "10.2.0.0/16"
  availability_zones  = ["us-east-1a", "us-east-1b", "us-east-1c"]
  interface_endpoints = ["ecr.api", "s3"]
  flow_log_bucket_arn = "arn:aws:s3:::mlops-prod-logs"
  cluster_name        = "mlops-prod"
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "spreads_over_three_zones" {
  module {
    source = "./modules/vpc"
  }

  assert {
    condition     = length(aws_subnet.private) == 3 && length(aws_subnet.public) == 3 && length(aws_subnet.intra) == 3
    error_message = "Each kind of subnet is in each zone."
  }

  assert {
    condition = length(distinct(concat(
      [for subnet in aws_subnet.private : subnet.cidr_block], [for subnet in aws_subnet.public : subnet.cidr_block], [for subnet in aws_subnet.intra : subnet.cidr_block],
    ))) == 9
    error_message = "No two subnets share a range."
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 3 && length(aws_route_table.private) == 3
    error_message = "Each zone has its own way out."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.tags["karpenter.sh/discovery"] == "mlops-prod"])
    error_message = "Karpenter finds the private subnets."
  }
}

run "is_closed" {
  module {
    source = "./modules/vpc"
  }

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group has no rules."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "Nothing gets a public address by itself."
  }

  assert {
    condition     = one(aws_vpc_endpoint.interface["s3"].dns_options).private_dns_only_for_inbound_resolver_endpoint == false && length(aws_vpc_endpoint.interface["s3"].subnet_ids) == 3 && length(aws_vpc_endpoint.interface["ecr.api"].dns_options) == 0
    error_message = "Pods reach S3 at a private address in each zone."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.cidr_ipv4 == "10.2.0.0/16" && aws_vpc_security_group_ingress_rule.endpoints.from_port == 443
    error_message = "Endpoints take HTTPS from the VPC only."
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_flow_log.this.log_destination_type == "s3" && aws_flow_log.this.max_aggregation_interval == 60
    error_message = "All traffic is logged to S3, each minute."
  }

  assert {
    condition     = aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway" && alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "S3 is reached by a gateway, the rest by private names."
  }
}

run "keeps_inside_what_is_given_no_way_out" {
  module {
    source = "./modules/vpc"
  }

  assert {
    condition     = length(aws_default_route_table.intra.route) == 0
    error_message = "The main route table leads nowhere, and intra subnets have no other."
  }
}

run "saves_with_one_gateway" {
  module {
    source = "./modules/vpc"
  }

  variables {
    nat  = "single"
    tags = { Environment = "dev", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route_table.private) == 1
    error_message = "One gateway serves three zones."
  }
}

run "refuses_bad_names_and_tags" {
  module {
    source = "./modules/vpc"
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
    source = "./modules/vpc"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/vpc"
  }

  command = plan

  variables {
    vpc_cidr            = "10.2.0.0/20"
    availability_zones  = ["us-east-1a", "us-east-1b", "us-east-1b"]
    nat                 = "many"
    interface_endpoints = ["ECR API"]
    flow_log_bucket_arn = "mlops-prod-logs"
    cluster_name        = ""
  }

  expect_failures = [var.vpc_cidr, var.availability_zones, var.nat, var.interface_endpoints, var.flow_log_bucket_arn, var.cluster_name]
}

run "refuses_public_ranges_and_a_single_gateway_in_production" {
  module {
    source = "./modules/vpc"
  }

  command = plan

  variables {
    vpc_cidr = "52.0.0.0/16"
    nat      = "single"
  }

  expect_failures = [var.vpc_cidr, var.nat]
}
