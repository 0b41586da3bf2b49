locals {
  socket = "/run/postern/postern.sock"

  log_configuration = { for container in ["app", "web", "migrate"] : container => {
    logDriver = "awslogs"
    options = {
      awslogs-group         = aws_cloudwatch_log_group.this[container].name
      awslogs-region        = data.aws_region.current.name
      awslogs-stream-prefix = "task"
      # Rather lose lines than stop answering, should CloudWatch be slow.
      mode            = "non-blocking"
      max-buffer-size = "4m"
    }
  } }

  # What every container has.
  container = {
    essential              = true
    readonlyRootFilesystem = true
    linuxParameters = {
      capabilities       = { add = [], drop = ["ALL"] }
      initProcessEnabled = false
    }
    systemControls = []
    volumesFrom    = []
  }

  app = merge(local.container, {
    image      = var.images.app
    user       = "10001:10000"
    entryPoint = ["/usr/local/bin/postern"]
    secrets = [
      { name = "PGPASSWORD", valueFrom = "${var.secret_arn}:password::" },
      { name = "PGUSER", valueFrom = "${var.secret_arn}:username::" },
    ]
  })

  app_environment = merge(var.app_environment, {
    POSTERN_SOCKET = local.socket
    # ECS takes the task off the load balancer, waits for the target group's deregistration delay, and then stops
    # `web`, so nothing new arrives and no check needs to fail first: POSTERN_DRAIN_MIN_MS stays 0. This much is
    # left for what is under way, within stopTimeout.
    POSTERN_DRAIN_SECONDS = "100"
    POSTERN_QUIET_MS      = "1000"
  })

  socket_mount = { sourceVolume = "socket", containerPath = "/run/postern", readOnly = false }
}

resource "aws_ecs_task_definition" "pair" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  # A revision that is replaced stays, for a deployment that fails goes back to it.
  skip_destroy = true

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  # Both live on the task's own ephemeral disk, which Fargate encrypts. Fargate gives a volume the owner
  # that the image's VOLUME has. The disk has 20 GiB; web's bodies and answers on their way may take 1.1 GB
  # (webserver-conf/postern.conf, "Room").
  volume {
    name = "socket"
  }

  volume {
    name = "uploads"
  }

  container_definitions = jsonencode([
    merge(local.app, {
      name             = "app"
      command          = ["serve"]
      environment      = [for key in sort(keys(local.app_environment)) : { name = key, value = local.app_environment[key] }]
      mountPoints      = [local.socket_mount]
      portMappings     = [for port in compact([var.metrics_port]) : { name = "metrics", containerPort = tonumber(port), hostPort = tonumber(port), protocol = "tcp" }]
      logConfiguration = local.log_configuration["app"]
      stopTimeout      = 120 # the most Fargate gives
      healthCheck = {
        command     = ["CMD", "/usr/local/bin/postern", "healthcheck"]
        interval    = 5
        timeout     = 3
        retries     = 3
        startPeriod = 30
      }
    }),
    merge(local.container, {
      name  = "web"
      image = var.images.web
      user  = "10002:10000"
      environment = [for key, value in merge(var.web_environment, {
        POSTERN_SOCKET = local.socket
      }) : { name = key, value = value }]
      # Starts last, and so stops first: whatever it sends finds the application.
      dependsOn        = [{ containerName = "app", condition = "HEALTHY" }]
      mountPoints      = [local.socket_mount, { sourceVolume = "uploads", containerPath = "/tmp", readOnly = false }]
      portMappings     = [{ name = "http", containerPort = var.web_port, hostPort = var.web_port, protocol = "tcp" }]
      logConfiguration = local.log_configuration["web"]
      stopTimeout      = 120
      # Two descriptors for each of its connections, and some.
      ulimits = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
      healthCheck = {
        command     = ["CMD", "/usr/local/bin/web-health"]
        interval    = 5
        timeout     = 3
        retries     = 3
        startPeriod = 10
      }
    }),
  ])
}

# Runs once and ends. It has the application's role, which owns the schema.
resource "aws_ecs_task_definition" "migrate" {
  family                   = "${var.name}-migrate"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  container_definitions = jsonencode([merge(local.app, {
    name             = "migrate"
    command          = ["migrate"]
    environment      = [for key in sort(keys(var.app_environment)) : { name = key, value = var.app_environment[key] }]
    mountPoints      = []
    portMappings     = []
    logConfiguration = local.log_configuration["migrate"]
  })])
}
