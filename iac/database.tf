# Aurora PostgreSQL Serverless v2. The master's password is AWS's own, kept in Secrets Manager and rotated
# there; no task ever sees it. The application has a role of its own, which database-role makes.

resource "aws_db_subnet_group" "this" {
  name_prefix = "${var.name}-"
  subnet_ids  = [for id in local.service_zones : module.service_vpc.subnet_ids["database"][id]]
}

resource "aws_security_group" "database" {
  name_prefix = "${var.name}-database-"
  description = "Database: PostgreSQL from the tasks, nothing out"
  vpc_id      = module.service_vpc.vpc_id

  tags = { Name = "${var.name}-database" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  description                  = "PostgreSQL from the tasks"
  referenced_security_group_id = aws_security_group.tasks.id
  ip_protocol                  = "tcp"
  from_port                    = local.database_port
  to_port                      = local.database_port
}

locals {
  database_name   = "postern"
  database_schema = "postern" # database-role makes it
  database_port   = 5432

  # Of one task: each worker's that has read, three of the writer, the watcher's and the publisher's.
  task_connections = var.task_workers + 5

  # Some 190 for each ACU there may be, and no more than 2000 while an instance may shrink to less than 1 ACU
  # (Aurora User Guide, "Maximum connections for Aurora Serverless v2").
  database_max_connections = floor(min(var.database_min_acu < 1 ? 2000 : 5000, 190 * var.database_max_acu))

  database_identifier = coalesce(var.database_identifier, var.name)
  database_origin = (var.database_snapshot != null ? "the snapshot ${var.database_snapshot}" :
    var.database_point_in_time != null ? "the cluster ${var.database_point_in_time.cluster} as of ${coalesce(var.database_point_in_time.time, "the latest time")}" :
  "nothing")
}

# AWS cannot change what a database that exists is called or was made from: Terraform would delete it and make
# another.
resource "terraform_data" "database" {
  input = { identifier = local.database_identifier, origin = local.database_origin }

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output.identifier == local.database_identifier
      error_message = "The database is the cluster ${self.output.identifier}; with the identifier ${local.database_identifier} it would be deleted with all its orders, and another made. Set database_identifier back, or follow \"Restoring the database\" in iac/README.md, which keeps the former one."
    }

    # Where it came from may be forgotten.
    postcondition {
      condition     = contains([self.output.origin, "nothing"], local.database_origin)
      error_message = "The database exists and was made from ${self.output.origin}; to make it from ${local.database_origin}, it would be deleted with all its orders. Set database_snapshot and database_point_in_time back or to null, or follow \"Restoring the database\" in iac/README.md, which keeps the former one."
    }
  }
}

resource "aws_rds_cluster_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = "aurora-postgresql${split(".", var.database_engine_version)[0]}"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "database" {
  name              = "/aws/rds/cluster/${local.database_identifier}/postgresql" # the name RDS writes to
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.telemetry.arn
}

resource "aws_rds_cluster" "this" {
  cluster_identifier = local.database_identifier
  engine             = "aurora-postgresql"
  engine_mode        = "provisioned" # Serverless v2 is a class of instance
  engine_version     = var.database_engine_version
  database_name      = local.database_name
  port               = local.database_port

  master_username               = "master"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.data.arn

  # The Data API: a way to make the application's role without a machine inside the VPC.
  enable_http_endpoint = true

  db_subnet_group_name            = aws_db_subnet_group.this.name
  vpc_security_group_ids          = [aws_security_group.database.id]
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.this.name

  storage_encrypted = true
  kms_key_id        = aws_kms_key.data.arn

  backup_retention_period      = var.database_backup_days
  preferred_backup_window      = "02:00-03:00"
  preferred_maintenance_window = "sun:03:30-sun:04:30"
  apply_immediately            = true # whoever deploys looks on; by default, it would wait for the window
  copy_tags_to_snapshot        = true
  deletion_protection          = var.deletion_protection
  skip_final_snapshot          = !var.deletion_protection && var.final_snapshot_identifier == null
  final_snapshot_identifier    = coalesce(var.final_snapshot_identifier, "${var.name}-final")

  # Restored: iac/README.md, "Restoring the database". The master's password and the Data API are set anew.
  snapshot_identifier = var.database_snapshot

  dynamic "restore_to_point_in_time" {
    for_each = var.database_point_in_time[*]

    content {
      source_cluster_identifier  = startswith(restore_to_point_in_time.value.cluster, "cluster-") ? null : restore_to_point_in_time.value.cluster
      source_cluster_resource_id = startswith(restore_to_point_in_time.value.cluster, "cluster-") ? restore_to_point_in_time.value.cluster : null
      restore_to_time            = restore_to_point_in_time.value.time
      use_latest_restorable_time = restore_to_point_in_time.value.time == null ? true : null
    }
  }

  enabled_cloudwatch_logs_exports = ["postgresql"]

  serverlessv2_scaling_configuration {
    min_capacity = var.database_min_acu
    max_capacity = var.database_max_acu
  }

  # Of use when it is made alone. Without this, forgetting where it came from would make it anew, and empty.
  lifecycle {
    ignore_changes = [snapshot_identifier, restore_to_point_in_time]
  }

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_rds_cluster_instance" "this" {
  count = var.database_instances

  identifier                 = "${local.database_identifier}-${count.index + 1}"
  cluster_identifier         = aws_rds_cluster.this.id
  engine                     = aws_rds_cluster.this.engine
  engine_version             = aws_rds_cluster.this.engine_version
  instance_class             = "db.serverless"
  publicly_accessible        = false
  auto_minor_version_upgrade = false
  apply_immediately          = true
  promotion_tier             = min(count.index, 1) # readers of tiers 0 and 1 are kept as large as the writer

  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.data.arn
}

# Its value is put there by database-role: {"username": …, "password": …}. Terraform never holds it, and so
# neither does the state.
resource "aws_secretsmanager_secret" "database_role" {
  name_prefix             = "${var.name}/database-role-"
  description             = "The application's role in the database"
  kms_key_id              = aws_kms_key.data.arn
  recovery_window_in_days = 7
}
