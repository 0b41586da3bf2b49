"""Broken copies of the configuration: each breaks one policy, and the emulator would take them all.

A copy holds the changes of one batch; changes of a batch must not hide one another.
"""

from typing import NamedTuple


class Change(NamedTuple):
    batch: str
    policy: str
    file: str
    pattern: str  # matches one place of the file
    replacement: str
    sentence: str  # part of what the policy says
    also: tuple = ()  # what else follows from the change, as (policy, part of its sentence)


TASK, SERVICE_MODULE, ROLES = (f"modules/ecs-service/{name}.tf" for name in ("task", "main", "roles"))
BALANCER, DATABASE = "load-balancer.tf", "database.tf"
INSTANCE, NETWORK = "modules/instance/main.tf", "modules/network/main.tf"

CHANGES = [
    Change("first", "balanced_container", SERVICE_MODULE, r'container_name   = "web"', 'container_name   = "wbe"',
           "no container of its task is named wbe"),
    Change("first", "fargate_size", TASK, r"cpu +  = 256", "cpu = 300", "Fargate has no task of 300 CPU units"),
    Change("first", "health_check", TASK, "startPeriod = 30", "startPeriod = 301", "startPeriod is 301, not 0 to 300"),
    Change("first", "read_only_root", TASK, r"(readonlyRootFilesystem =) .*", r"\1 false",
           "may write to its root file system"),
    Change("first", "no_public_address", SERVICE_MODULE, "assign_public_ip = false", "assign_public_ip = true",
           "its tasks get public addresses"),
    Change("first", "endpoint_service_name", "vpc-service.tf", '"ecr.api",', '"ecr.api", "ecr.apy",',
           "AWS has no Interface endpoint for com.amazonaws.eu-west-2.ecr.apy"),
    Change("first", "narrow_ingress", BALANCER, r"(cidr_ipv4 +=) var.service_vpc_cidr", r'\1 "0.0.0.0/0"',
           "open to any address"),
    Change("first", "narrow_role", ROLES, r"resources = \[var.secret_arn\]", 'resources = ["*"]',
           "secretsmanager:GetSecretValue is allowed on every resource"),
    Change("first", "tls_database", DATABASE, r'("rds.force_ssl"\n +value =) "1"', r'\1 "0"',
           "connections without TLS are taken"),
    Change("first", "immutable_image", "registry.tf", '"IMMUTABLE"', '"MUTABLE"', "a tag can be moved"),
    Change("first", "instance_metadata", INSTANCE, r'(http_tokens +=) "required"', r'\1 "optional"', "IMDSv1"),

    Change("second", "proxy_protocol", BALANCER, r"(proxy_protocol_v2 +=) true", r"\1 false",
           "has PROXY v2 off, the container has it on"),
    Change("second", "dependency", TASK, 'containerName = "app"', 'containerName = "ap"',
           "waits for ap, which is not in the task"),
    Change("second", "volume", TASK, 'sourceVolume = "uploads"', 'sourceVolume = "upload"',
           "mounts volume upload, which is not in the task", (("volume", "no container mounts volume uploads"),)),
    Change("second", "user", TASK, '"10002:10000"', '"0:10000"', "container web runs as root"),
    Change("second", "privilege", TASK, r'drop = \["ALL"\]', "drop = []", "keeps Linux capabilities"),
    Change("second", "image", "registry.tf", r"@\$\{var.web_image_digest\}", ":1.0", "is not named by its digest"),
    Change("second", "draining", BALANCER, r"(deregistration_delay +=) 120", r"\1 30", "delay is under 120 s"),
    Change("second", "draining", BALANCER, "connection_termination = true", "connection_termination = false",
           "connections are not cut"),
    Change("second", "readiness", BALANCER, '"/readyz"', '"/"', "does not ask /readyz"),
    Change("second", "reaches_aws", "vpc-service.tf", r', "secretsmanager"\]', "]",
           "has no endpoint for secretsmanager"),
    Change("second", "encryption", "notifications.tf", r"kms_master_key_id = .*", "", "messages are not encrypted"),
    Change("second", "kept_database", DATABASE, r"(backup_retention_period +=) .*", r"\1 1", "less than a week"),
    Change("second", "readable_secret", ROLES, r"resources = \[var.secret_arn\]", "resources = [var.secret_key_arn]",
           "the execution role may not read PG"),
    Change("second", "trust", ROLES, r'"Service"\n( +identifiers =) \["ecs-tasks.amazonaws.com"\]',
           r'"AWS"\n\1 ["*"]', "anybody may take this role"),
    Change("second", "tasks_behind_balancer", "service.tf",
           "referenced_security_group_id = aws_security_group.load_balancer.id",
           "referenced_security_group_id = aws_security_group.database.id", "opens the tasks to more"),
    Change("second", "private_dns", "dns.tf", r'(private_dns_verification" "this" \{\n +count =) .*', r"\1 0",
           "orders.postern.example is never verified"),
    Change("second", "patient_target", BALANCER, r"(unhealthy_threshold +=) 10", r"\1 2", "unhealthy after 10 s"),
    Change("second", "plain_description", DATABASE, "PostgreSQL from the tasks, nothing out",
           "the tasks' PostgreSQL", "EC2 refuses the description"),
    Change("second", "quiet_at_first", "alarms.tf", '(treat_missing_data +=) "missing"', r'\1 "breaching"',
           "no_healthy_task: a first deployment sets it off"),
    Change("second", "gauge", "dashboard.tf", r'(endpoints", stat =) "Average"', r'\1 "Sum"',
           "EndpointsCount is summed up", (("gauge", "ActiveConnections is summed up"),)),
    Change("second", "gauge", "dashboard.tf", r'(by what they do", stat =) "Average"', r'\1 "Sum"',
           "postern_workers is summed up"),
    Change("second", "written_metric", "alarms.tf", r'"postern_queue_length"', '"postern_queue"',
           "the application does not write postern_queue"),
    Change("second", "written_metric", "alarms.tf", r'(problem = )"rate-limited"', r'\1"limited"',
           "postern_problems_total has no problem limited"),
    Change("second", "written_metric", "dashboard.tf", r'dimensions = "result"', 'dimensions = "call"',
           "postern_store_call_duration_seconds is not by ['call']"),
    Change("second", "written_metric", "dashboard.tf", r'"Consumer", name\]', '"Caller", name]',
           "ConsumerDuration is not by ['Caller']",
           (("written_metric", "ConsumerErrors is not by"), ("written_metric", "ConsumerLimited is not by"))),
    Change("third", "written_metric", "service.tf", r"(POSTERN_EMF_NAMESPACE +=) var.name", r'\1 "other"',
           "nobody writes into namespace postern"),
    Change("second", "tasks_behind_balancer", "service.tf", r"(cidr_ipv4 +=) var.metrics_scraper_cidr",
           r'\1 "10.99.0.0/16"', "tasks_metrics[0]: it opens the tasks to more"),
    Change("second", "written_flow_log", NETWORK, r'"logs:DescribeLogGroups"', '"logs:DescribeQueries"',
           "may not logs:DescribeLogGroups"),
    Change("second", "bounded_role", INSTANCE, r"permissions_boundary = .*", "", "has no permissions boundary"),
    Change("second", "no_internet", "vpc-service.tf", r"\Z",
           '\nresource "aws_internet_gateway" "way_out" {\n  vpc_id = module.service_vpc.vpc_id\n}\n',
           "aws_internet_gateway.way_out: a way to the internet"),

    Change("third", "proxy_protocol", "service.tf", r"(PROXY_TRUSTED +=) .*", r'\1 "10.99.0.0/16"',
           "PROXY_TRUSTED 10.99.0.0/16 leaves out the balancer's subnet"),
    Change("third", "container_log", TASK, r"(awslogs-group +=) .*", r'\1 "/elsewhere"',
           "log group /elsewhere is not made here"),
    Change("third", "plain_secret", "service.tf", r"( +POSTERN_LOG_LEVEL +=.*)", r'\1\n DATABASE_PASSWORD = "x"',
           "DATABASE_PASSWORD stands in the environment"),
    Change("third", "group_in_vpc", DATABASE, r"(vpc_security_group_ids +=) .*",
           r"\1 [module.consumer_endpoint.security_group_id]", "of another VPC than the subnets"),
    Change("third", "group_in_vpc", "service.tf", "referenced_security_group_id = aws_security_group.database.id",
           "referenced_security_group_id = module.consumer_endpoint.security_group_id",
           "it refers to a security group of another VPC"),
    Change("third", "guarded", SERVICE_MODULE, r"(security_groups +=) .*", r"\1 []", "no security group of its own"),
    Change("third", "named_principal", "endpoint-service.tf", r"(principal_arn +=) each.key", r'\1 "*"',
           "every AWS account may connect"),
    Change("third", "no_public_address", INSTANCE, "associate_public_ip_address = false",
           "associate_public_ip_address = true", "it is not denied a public address"),
    Change("third", "encryption", INSTANCE, r"(encrypted +=) true", r"\1 false", "its disk is not encrypted"),
    Change("third", "narrow_role", ROLES, r'actions   = \["kms:Decrypt"\]', 'actions   = ["kms:*"]',
           "action kms:* is more than is needed"),
    Change("third", "patient_target", BALANCER, "enable_unhealthy_connection_termination = false",
           "enable_unhealthy_connection_termination = true", "connections are cut when it is unhealthy"),
    Change("third", "patient_target", BALANCER, "enable_zonal_shift = true", "enable_zonal_shift = false",
           "traffic cannot be shifted"),
    Change("third", "plain_description", BALANCER, '"Clients in the service VPC"', '"Clients; of the service VPC"',
           "EC2 refuses the description"),
    Change("third", "quiet_at_first", "alarms.tf", r"^  alarm_actions {7}= .*", "", "it tells nobody"),
    Change("third", "paid_interfaces", "vpc-service.tf", r'"secretsmanager"\]', '"secretsmanager", "ssm"]',
           "more interfaces for ssm than zones with instances"),
    Change("third", "delivered_event", "notifications.tf", '"events.amazonaws.com"', '"sns.amazonaws.com"',
           "EventBridge may not publish"),
    Change("third", "private_dns", "dns.tf", r"records = .*", 'records = ["vpce:other"]', "no TXT record proves"),
    Change("third", "immutable_image", "registry.tf", "scan_on_push = true", "scan_on_push = false",
           "images are not scanned"),

    Change("one zone", "balancer_zones", BALANCER, r"subnets +=.*",
           'subnets = [for tier in ["load-balancer", "tasks"] : '
           "module.service_vpc.subnet_ids[tier][local.service_zones[0]]]", "two of its subnets are in eu-west-2",
           (("balancer_zones", "fewer than two"), ("proxy_protocol", "leaves out the balancer's subnet"))),
    Change("public", "no_public_address", BALANCER, r"(internal +=) true", r"\1 false", "it is open to the internet"),
    Change("public", "log_retention", SERVICE_MODULE, r'(/performance"\n +retention_in_days =) var.log_retention_days',
           r"\1 0", "its lines are kept for ever"),
    Change("overlap", "apart", "vpc-consumer.tf", r"(cidr +=) var.consumer_vpc_cidr",
           r"\1 cidrsubnet(var.service_vpc_cidr, 1, 1)", "overlaps module."),
]
