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
  database_name = "postern"
  database_role = "postern"
  database_port = 5432
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
  name              = "/aws/rds/cluster/${var.name}/postgresql" # the name RDS writes to
  retention_in_days = var.log_retention_days
  kms_key_id        = aws_kms_key.telemetry.arn
}

resource "aws_rds_cluster" "this" {
  cluster_identifier = var.name
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
  skip_final_snapshot          = !var.deletion_protection
  final_snapshot_identifier    = "${var.name}-final"

  enabled_cloudwatch_logs_exports = ["postgresql"]

  serverlessv2_scaling_configuration {
    min_capacity = var.database_min_acu
    max_capacity = var.database_max_acu
  }

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_rds_cluster_instance" "this" {
  count = var.database_instances

  identifier                 = "${var.name}-${count.index + 1}"
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
