locals {
  group = "${var.name}-features"
}

resource "aws_elasticache_subnet_group" "this" {
  name        = local.group
  description = "Online features of ${var.name}"
  subnet_ids  = var.network.subnet_ids
  tags        = var.tags
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-redis-"
  description = "Redis from the cluster"
  vpc_id      = var.network.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-redis" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.network.client_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "Redis from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  tags                         = var.tags
}

resource "aws_elasticache_parameter_group" "this" {
  name        = local.group
  family      = "redis7"
  description = "A feature that was written stays: when memory is full, writes fail and alarms ring"
  tags        = var.tags

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(["slow-log", "engine-log"])

  name              = "/aws/elasticache/${local.group}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
  tags              = var.tags
}

# The first token. It is in the state, and void once the rotation that follows has been repeated.
data "aws_secretsmanager_random_password" "first" {
  password_length     = 64
  exclude_punctuation = true

  depends_on = [aws_elasticache_parameter_group.this]
}

resource "aws_elasticache_replication_group" "this" {
  replication_group_id       = local.group
  description                = "Online features of ${var.name}"
  engine                     = "redis"
  engine_version             = var.engine_version
  node_type                  = var.node_type
  num_cache_clusters         = var.nodes
  port                       = 6379
  automatic_failover_enabled = var.nodes > 1
  multi_az_enabled           = var.nodes > 1
  parameter_group_name       = aws_elasticache_parameter_group.this.name
  subnet_group_name          = aws_elasticache_subnet_group.this.name
  security_group_ids         = [aws_security_group.this.id]
  at_rest_encryption_enabled = true
  kms_key_id                 = var.key_arns.storage
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"
  auth_token                 = data.aws_secretsmanager_random_password.first.random_password
  auth_token_update_strategy = "ROTATE"
  snapshot_retention_limit   = var.snapshot_retention_days
  snapshot_window            = "04:00-05:00"
  maintenance_window         = "sun:06:00-sun:07:00"
  auto_minor_version_upgrade = true
  tags                       = var.tags

  dynamic "log_delivery_configuration" {
    for_each = aws_cloudwatch_log_group.this

    content {
      destination      = log_delivery_configuration.value.name
      destination_type = "cloudwatch-logs"
      log_format       = "json"
      log_type         = log_delivery_configuration.key
    }
  }

  lifecycle {
    ignore_changes = [auth_token] # the rotation's
  }
}

resource "aws_secretsmanager_secret" "this" {
  name                    = "${var.secret_prefix}/redis"
  description             = "Connection to the online feature store"
  kms_key_id              = var.key_arns.secrets
  recovery_window_in_days = var.tags.Environment == "dev" ? 0 : 30
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id = aws_secretsmanager_secret.this.id
  secret_string_wo = jsonencode({
    engine     = "redis"
    group      = aws_elasticache_replication_group.this.id
    host       = aws_elasticache_replication_group.this.primary_endpoint_address
    port       = tostring(aws_elasticache_replication_group.this.port)
    auth_token = aws_elasticache_replication_group.this.auth_token
  })
  secret_string_wo_version = parseint(substr(sha256(aws_elasticache_replication_group.this.primary_endpoint_address), 0, 7), 16)
}

resource "aws_secretsmanager_secret_rotation" "this" {
  secret_id           = aws_secretsmanager_secret_version.this.secret_id
  rotation_lambda_arn = var.rotation.function_arn

  rotation_rules {
    automatically_after_days = var.rotation.days
  }
}
