# The two containers, as ECS is told.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "made-up"
  subnet_ids         = ["subnet-1", "subnet-2", "subnet-3"]
  security_group_id  = "sg-1"
  images             = { app = "app@sha256:a", web = "web@sha256:b" }
  repository_arns    = ["arn:aws:ecr:eu-west-2:111122223333:repository/made-up"]
  cpu_architecture   = "X86_64"
  cpu                = 512
  memory             = 1024
  tasks_min          = 3
  tasks_max          = 10
  log_retention_days = 30
  logs_key_arn       = "arn:aws:kms:eu-west-2:111122223333:key/00000000-0000-0000-0000-000000000000"
  secret_arn         = "arn:aws:secretsmanager:eu-west-2:111122223333:secret:made-up-AbCdEf"
  secret_key_arn     = "arn:aws:kms:eu-west-2:111122223333:key/00000000-0000-0000-0000-000000000000"
  app_environment    = { DATABASE_URL = "postgresql://made-up" }
  web_environment    = { PORT = "8080", PROXY_PROTOCOL = "v2", PROXY_TRUSTED = "10.20.192.0/18" }
  web_port           = 8080
  target_group_arn   = "arn:aws:elasticloadbalancing:eu-west-2:111122223333:targetgroup/postern-web/0123456789abcdef"
  rollback_alarms    = ["made-up"]
  ready              = "yes"
}

run "pair" {
  module {
    source = "./modules/ecs-service"
  }

  assert {
    condition     = [for c in jsondecode(aws_ecs_task_definition.pair.container_definitions) : c.name] == ["app", "web"]
    error_message = "A task must be app and web."
  }

  assert {
    condition     = alltrue([for c in jsondecode(aws_ecs_task_definition.pair.container_definitions) : c.readonlyRootFilesystem && c.essential && c.stopTimeout <= 120 && c.linuxParameters.capabilities.drop == ["ALL"]])
    error_message = "Both containers must be essential, with read-only roots, no capabilities, and a stop within Fargate's 120 s."
  }

  assert {
    condition     = [for c in jsondecode(aws_ecs_task_definition.pair.container_definitions) : c.user] == ["10001:10000", "10002:10000"]
    error_message = "Each container must have its own user and share the group of the socket."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.pair.container_definitions)[1].dependsOn == [{ containerName = "app", condition = "HEALTHY" }]
    error_message = "web must wait for app, and so stop before it."
  }

  assert {
    condition = alltrue([for c in jsondecode(aws_ecs_task_definition.pair.container_definitions) :
    contains([for m in c.mountPoints : "${m.sourceVolume} ${m.containerPath}"], "socket /run/postern")])
    error_message = "Both containers must have the socket's volume."
  }

  assert {
    condition = tonumber([for e in jsondecode(aws_ecs_task_definition.pair.container_definitions)[0].environment : e.value if e.name == "POSTERN_DRAIN_SECONDS"][0]) < jsondecode(
    aws_ecs_task_definition.pair.container_definitions)[0].stopTimeout
    error_message = "app must have drained before ECS kills it."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.pair.container_definitions)[0].secrets == [for name, member in { PGUSER = "username", PGPASSWORD = "password" } : { name = name, valueFrom = "${var.secret_arn}:${member}::" }] && !can(jsondecode(aws_ecs_task_definition.pair.container_definitions)[1].secrets)
    error_message = "app must get the password from the secret, and web must not."
  }

  assert {
    condition     = one(aws_ecs_service.this.load_balancer).container_port == jsondecode(aws_ecs_task_definition.pair.container_definitions)[1].portMappings[0].containerPort
    error_message = "The load balancer must reach web's port."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.migrate.container_definitions)[0].command == ["migrate"] && jsondecode(aws_ecs_task_definition.migrate.container_definitions)[0].image == var.images.app
    error_message = "The migrating task must run the same image as app."
  }

  assert {
    condition     = aws_ecs_service.this.enable_execute_command != true && length(aws_ecs_cluster.this.configuration) == 0
    error_message = "ECS Exec must be off: there is no shell in the images, nor what its log needs."
  }

  assert {
    condition     = alltrue([for c in jsondecode(aws_ecs_task_definition.pair.container_definitions) : c.readonlyRootFilesystem])
    error_message = "Nothing may write to a root file system."
  }
}
