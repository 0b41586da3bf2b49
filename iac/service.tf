# The pair `web` and `app` on ECS Fargate, and the one-off task that migrates the database's schema.

locals {
  web_port     = 8080
  metrics_port = 9464

  # At the task's own address, which is not known before it starts. Its security group says who gets there.
  metrics_environment = var.metrics_scraper_cidr == null ? {} : {
    METRICS_PORT    = tostring(local.metrics_port)
    METRICS_ADDRESS = "0.0.0.0"
  }
}

resource "aws_security_group" "tasks" {
  name_prefix = "${var.name}-tasks-"
  description = "Tasks: requests from the load balancer alone, out to the database and to AWS"
  vpc_id      = module.service_vpc.vpc_id

  tags = { Name = "${var.name}-tasks" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "tasks" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "Requests and health checks from the load balancer"
  referenced_security_group_id = aws_security_group.load_balancer.id
  ip_protocol                  = "tcp"
  from_port                    = local.web_port
  to_port                      = local.web_port
}

resource "aws_vpc_security_group_ingress_rule" "tasks_metrics" {
  count = var.metrics_scraper_cidr == null ? 0 : 1

  security_group_id = aws_security_group.tasks.id
  description       = "A collector in the VPC asks for the metrics"
  cidr_ipv4         = var.metrics_scraper_cidr
  ip_protocol       = "tcp"
  from_port         = local.metrics_port
  to_port           = local.metrics_port
}

resource "aws_vpc_security_group_egress_rule" "tasks_database" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "PostgreSQL"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = local.database_port
  to_port                      = local.database_port
}

resource "aws_vpc_security_group_egress_rule" "tasks_image_layers" {
  security_group_id = aws_security_group.tasks.id
  description       = "Image layers in S3"
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

module "service" {
  source = "./modules/ecs-service"

  name               = var.name
  subnet_ids         = [for id in local.service_zones : module.service_vpc.subnet_ids["tasks"][id]]
  security_group_id  = aws_security_group.tasks.id
  images             = local.images
  repository_arns    = [for repository in aws_ecr_repository.image : repository.arn]
  cpu_architecture   = var.cpu_architecture
  cpu                = var.task_cpu
  memory             = var.task_memory
  task_definition    = var.task_definition
  tasks_min          = var.tasks_min
  tasks_max          = var.tasks_max
  log_retention_days = var.log_retention_days
  logs_key_arn       = aws_kms_key.telemetry.arn
  secret_arn         = aws_secretsmanager_secret.database_role.arn
  secret_key_arn     = aws_kms_key.data.arn
  web_port           = local.web_port
  metrics_port       = var.metrics_scraper_cidr == null ? null : local.metrics_port
  rollback_alarms    = [for alarm in local.rollback_alarms : aws_cloudwatch_metric_alarm.this[alarm].alarm_name]

  # Through the listener, for ECS refuses a target group that no load balancer uses yet.
  target_group_arn = aws_lb_listener.tcp.default_action[0].target_group_arn

  app_environment = merge(local.metrics_environment, {
    # The user comes with the password, from the secret.
    # verify-full: the certificate must be RDS's and be the cluster's. read-write: after a failover, the new writer.
    DATABASE_URL            = "postgresql://${aws_rds_cluster.this.endpoint}:${local.database_port}/${local.database_name}?sslmode=verify-full&sslrootcert=/etc/postern/ca/rds.pem&target_session_attrs=read-write"
    POSTERN_DATABASE_SCHEMA = local.database_schema
    POSTERN_LOG_LEVEL       = var.log_level
    POSTERN_WORKERS         = tostring(var.task_workers)
    POSTERN_CONSUMERS       = join(";", module.consumers.lines)
    POSTERN_EMF_NAMESPACE   = var.name
  })

  web_environment = {
    PORT           = tostring(local.web_port)
    PROXY_PROTOCOL = "v2" # as the target group has it
    PROXY_TRUSTED  = module.service_vpc.blocks["load-balancer"]
  }

  permissions_boundary = var.permissions_boundary

  ready = module.migration.id
}

locals {
  # What database-role and migrate need to know.
  database_for_commands = {
    region            = var.region
    cluster_arn       = aws_rds_cluster.this.arn
    master_secret_arn = aws_rds_cluster.this.master_user_secret[0].secret_arn
    role_secret_arn   = aws_secretsmanager_secret.database_role.arn
    name              = local.database_name
  }

  migration_for_commands = {
    region            = var.region
    cluster           = module.service.cluster_name
    task_definition   = module.service.migrate_task_definition_arn
    subnet_ids        = [for id in local.service_zones : module.service_vpc.subnet_ids["tasks"][id]]
    security_group_id = aws_security_group.tasks.id
    log_group         = module.service.log_groups["migrate"]
  }
}

# Before new tasks start. If it fails, the service stays as it is, and the next apply does this again.
module "migration" {
  source = "./modules/migration"

  again_for = [
    aws_rds_cluster.this.cluster_resource_id,
    aws_secretsmanager_secret.database_role.arn,
    module.service.migrate_task_definition_arn,
  ]
  database  = local.database_for_commands
  migration = local.migration_for_commands

  # All that the migrating task needs to start.
  depends_on = [
    aws_rds_cluster_instance.this,
    aws_vpc_endpoint.s3,
    aws_vpc_security_group_egress_rule.tasks_database,
    aws_vpc_security_group_egress_rule.tasks_image_layers,
    aws_vpc_security_group_ingress_rule.database,
    module.service_aws_endpoints,
    module.service_vpc,
  ]
}
