locals {
  databases = merge([for key, instance in var.instances : { for database in instance.databases : database => key }]...)
  replicas  = var.replica == null ? {} : var.instances
  user      = "mlops"
  parameters = {
    "rds.force_ssl"              = "1"
    "log_connections"            = "1"
    "log_disconnections"         = "1"
    "log_statement"              = "ddl"
    "log_min_duration_statement" = "1000"
  }
  logs = ["postgresql", "upgrade"]
}

data "aws_partition" "current" {}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Databases of ${var.name}"
  subnet_ids  = var.network.subnet_ids
  tags        = var.tags
}

resource "aws_security_group" "this" {
  name_prefix = "${var.name}-rds-"
  description = "PostgreSQL from the cluster"
  vpc_id      = var.network.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-rds" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = var.network.client_security_groups

  security_group_id            = aws_security_group.this.id
  description                  = "PostgreSQL from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  tags                         = var.tags
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "postgres${var.engine_version}"
  description = "TLS only, statements logged"
  tags        = var.tags

  dynamic "parameter" {
    for_each = local.parameters

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_iam_policy_document" "monitoring" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name                 = "${var.name}-rds-monitoring"
  description          = "Enhanced monitoring of RDS"
  assume_role_policy   = data.aws_iam_policy_document.monitoring.json
  permissions_boundary = var.permissions_boundary_arn
  tags                 = var.tags
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = { for pair in setproduct(keys(var.instances), local.logs) : "${pair[0]}/${pair[1]}" => pair }

  name              = "/aws/rds/instance/${var.name}-${each.value[0]}/${each.value[1]}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
  tags              = var.tags
}

# The first password. It is in the state until the rotation that follows at once, and void from then on.
data "aws_secretsmanager_random_password" "first" {
  for_each = var.instances

  password_length     = 48
  exclude_punctuation = true

  depends_on = [aws_db_parameter_group.this]
}

resource "aws_db_instance" "this" {
  for_each = var.instances

  identifier                            = "${var.name}-${each.key}"
  engine                                = "postgres"
  engine_version                        = var.engine_version
  instance_class                        = each.value.instance_class
  allocated_storage                     = each.value.allocated_storage
  max_allocated_storage                 = each.value.max_allocated_storage
  storage_type                          = "gp3"
  storage_encrypted                     = true
  kms_key_id                            = var.key_arns.storage
  multi_az                              = each.value.multi_az
  db_name                               = each.value.databases[0]
  username                              = local.user
  password_wo                           = data.aws_secretsmanager_random_password.first[each.key].random_password
  password_wo_version                   = 1
  iam_database_authentication_enabled   = true
  parameter_group_name                  = aws_db_parameter_group.this.name
  db_subnet_group_name                  = aws_db_subnet_group.this.name
  vpc_security_group_ids                = [aws_security_group.this.id]
  publicly_accessible                   = false
  ca_cert_identifier                    = "rds-ca-rsa2048-g1"
  auto_minor_version_upgrade            = true
  backup_retention_period               = var.backup_retention_days
  backup_window                         = "05:00-05:30"
  maintenance_window                    = "sun:06:00-sun:07:00"
  copy_tags_to_snapshot                 = true
  delete_automated_backups              = !var.deletion_protection
  deletion_protection                   = var.deletion_protection
  skip_final_snapshot                   = !var.deletion_protection
  final_snapshot_identifier             = var.deletion_protection ? "${var.name}-${each.key}-final" : null
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.key_arns.storage
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports       = local.logs
  tags                                  = merge(var.tags, { Name = "${var.name}-${each.key}", Backup = "hourly" })

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy_attachment.monitoring]
}

resource "aws_secretsmanager_secret" "database" {
  for_each = local.databases

  name                    = "${var.secret_prefix}/${each.key}-database"
  description             = "Connection to the database ${each.key}"
  kms_key_id              = var.key_arns.secrets
  recovery_window_in_days = var.deletion_protection ? 30 : 0
  tags                    = var.tags

  dynamic "replica" {
    for_each = var.replica == null ? [] : [var.replica]

    content {
      region     = replica.value.region
      kms_key_id = replica.value.secret_key_arn
    }
  }
}

resource "aws_secretsmanager_secret_version" "database" {
  for_each = local.databases

  secret_id = aws_secretsmanager_secret.database[each.key].id
  secret_string_wo = jsonencode({
    engine   = "postgres"
    instance = aws_db_instance.this[each.value].identifier
    host     = aws_db_instance.this[each.value].address
    port     = tostring(aws_db_instance.this[each.value].port)
    dbname   = each.key
    username = local.user
    password = data.aws_secretsmanager_random_password.first[each.value].random_password
    siblings = each.key == var.instances[each.value].databases[0] ? [
      for sibling in slice(var.instances[each.value].databases, 1, length(var.instances[each.value].databases)) : "${var.secret_prefix}/${sibling}-database"
    ] : []
  })
  # A new instance has a new password; everything else is left to the rotation.
  secret_string_wo_version = parseint(substr(sha256(aws_db_instance.this[each.value].resource_id), 0, 7), 16)
}

# An instance has one password: where it holds several databases, the first one's secret is rotated, and the function
# writes the new password into the others (siblings).
resource "aws_secretsmanager_secret_rotation" "database" {
  for_each = { for key, instance in var.instances : instance.databases[0] => key }

  secret_id           = aws_secretsmanager_secret_version.database[each.key].secret_id
  rotation_lambda_arn = var.rotation.function_arn

  rotation_rules {
    automatically_after_days = var.rotation.days
  }

  depends_on = [aws_secretsmanager_secret_version.database]
}

# ---- replicas in the second region

resource "aws_db_subnet_group" "replica" {
  count    = var.replica == null ? 0 : 1
  provider = aws.secondary

  name        = var.name
  description = "Replicas of ${var.name}"
  subnet_ids  = var.replica.subnet_ids
  tags        = var.tags
}

resource "aws_security_group" "replica" {
  count    = var.replica == null ? 0 : 1
  provider = aws.secondary

  name_prefix = "${var.name}-rds-"
  description = "PostgreSQL from the standby cluster"
  vpc_id      = var.replica.vpc_id
  tags        = merge(var.tags, { Name = "${var.name}-rds" })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "replica" {
  for_each = var.replica == null ? {} : var.replica.client_security_groups
  provider = aws.secondary

  security_group_id            = aws_security_group.replica[0].id
  description                  = "PostgreSQL from ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  tags                         = var.tags
}

resource "aws_db_parameter_group" "replica" {
  count    = var.replica == null ? 0 : 1
  provider = aws.secondary

  name_prefix = "${var.name}-"
  family      = "postgres${var.engine_version}"
  description = "TLS only, statements logged"
  tags        = var.tags

  dynamic "parameter" {
    for_each = local.parameters

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "replica" {
  for_each = { for pair in setproduct(keys(local.replicas), local.logs) : "${pair[0]}/${pair[1]}" => pair }
  provider = aws.secondary

  name              = "/aws/rds/instance/${var.name}-${each.value[0]}-replica/${each.value[1]}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.replica.log_key_arn
  tags              = var.tags
}

resource "aws_db_instance" "replica" {
  for_each = local.replicas
  provider = aws.secondary

  identifier                            = "${var.name}-${each.key}-replica"
  replicate_source_db                   = aws_db_instance.this[each.key].arn
  instance_class                        = each.value.instance_class
  storage_type                          = "gp3"
  max_allocated_storage                 = each.value.max_allocated_storage # a full replica stops replicating
  storage_encrypted                     = true
  kms_key_id                            = var.replica.key_arn
  multi_az                              = false
  iam_database_authentication_enabled   = true
  parameter_group_name                  = aws_db_parameter_group.replica[0].name
  db_subnet_group_name                  = aws_db_subnet_group.replica[0].name
  vpc_security_group_ids                = [aws_security_group.replica[0].id]
  publicly_accessible                   = false
  ca_cert_identifier                    = "rds-ca-rsa2048-g1"
  auto_minor_version_upgrade            = true
  backup_retention_period               = 7
  copy_tags_to_snapshot                 = true
  deletion_protection                   = var.deletion_protection
  skip_final_snapshot                   = true # the source has one
  performance_insights_enabled          = true
  performance_insights_kms_key_id       = var.replica.key_arn
  performance_insights_retention_period = 7
  monitoring_interval                   = 60
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports       = local.logs
  tags                                  = merge(var.tags, { Name = "${var.name}-${each.key}-replica" })

  depends_on = [aws_cloudwatch_log_group.replica]
}
