# What the configuration makes of good input, along the road of a request.

mock_provider "aws" {
  source = "./tests/mocks"
}

# It runs commands, which would ask AWS itself.
override_module {
  target  = module.migration
  outputs = { id = "made-up" }
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "defaults" {
  assert {
    condition     = tolist(local.service_zones) == tolist(["euw2-az1", "euw2-az2", "euw2-az3"])
    error_message = "The service must be in the first three zones by id, whatever the account calls them."
  }

  assert {
    condition     = local.zone_names["euw2-az2"] == "eu-west-2a"
    error_message = "A zone's id must be matched with this account's name for it."
  }

  assert {
    condition     = aws_lb_target_group.web.proxy_protocol_v2 && aws_lb_target_group.web.connection_termination && tonumber(aws_lb_target_group.web.deregistration_delay) >= 120
    error_message = "The target group must send PROXY v2, and close what is left of a target's connections after at least 120 s."
  }

  assert {
    condition     = aws_lb.this.enforce_security_group_inbound_rules_on_private_link_traffic == "off" && length(aws_lb.this.security_groups) == 1
    error_message = "The load balancer must have a security group and not ask it about PrivateLink traffic."
  }

  assert {
    condition     = length(aws_lb_listener.tls) == 0 && length(aws_vpc_endpoint_service_private_dns_verification.this) == 0
    error_message = "No certificate, no TLS listener; no private name, no verification."
  }

  assert {
    condition     = length(aws_vpc_endpoint_connection_accepter.this) == 1 && aws_vpc_endpoint_service.this.acceptance_required
    error_message = "The consumer VPC's own endpoint must be accepted, and no other."
  }

  assert {
    condition     = keys(aws_vpc_endpoint_service_allowed_principal.this) == ["arn:aws:iam::111122223333:root"]
    error_message = "Without consumers, this account alone may connect."
  }

  assert {
    condition     = aws_rds_cluster.this.deletion_protection && !aws_rds_cluster.this.skip_final_snapshot && aws_lb.this.enable_deletion_protection
    error_message = "Deletion protection must be on by default, and the database leave a final snapshot."
  }

  assert {
    condition     = aws_rds_cluster.this.apply_immediately && alltrue([for instance in aws_rds_cluster_instance.this : instance.apply_immediately])
    error_message = "A new version of the database must be there when the deployment ends, and not some Sunday."
  }

  assert {
    condition     = data.aws_availability_zones.here.exclude_zone_ids == toset(["apne1-az3"])
    error_message = "Zones without Fargate must not be chosen, nor be taken."
  }

  assert {
    condition     = output.urls.service_vpc == "http://vpc-endpoint-service-demo.internal.com"
    error_message = "Clients in the service VPC must find the service by the private zone's name."
  }
}

run "everything" {
  state_key = "everything"

  variables {
    name                           = "shop"
    service_vpc_cidr               = "172.16.0.0/22"
    consumer_vpc_cidr              = "172.16.4.0/24"
    availability_zone_ids          = ["euw2-az3", "euw2-az1", "euw2-az2"]
    consumer_availability_zone_ids = ["euw2-az2"]
    cpu_architecture               = "ARM64"
    task_cpu                       = 4096
    task_memory                    = 30720
    tasks_min                      = 4
    tasks_max                      = 4
    database_instances             = 3
    deletion_protection            = false
    certificate_arn                = "arn:aws:acm:eu-west-2:111122223333:certificate/00000000-0000-0000-0000-000000000000"
    consumers                      = { acme = { account = "444455556666", endpoint_ids = ["vpce-ccccccccccccccccc"] } }
    supported_regions              = ["eu-west-1"]
    private_dns_name               = "api.example.com"
    private_dns_zone_id            = "Z0123456789ABCDEF"
    notification_emails            = ["ops@example.com"]
    test_instances                 = false
    tags                           = { Owner = "platform" }
  }

  assert {
    condition     = length(aws_lb_listener.tls) == 1 && toset(keys(aws_vpc_security_group_ingress_rule.load_balancer)) == toset(["80", "443"])
    error_message = "A certificate must open port 443 beside 80."
  }

  assert {
    condition     = aws_route53_record.verification[0].name == "_0123456789abcdef.api.example.com" && aws_route53_record.verification[0].records == toset(["vpce:0123456789abcdef"])
    error_message = "The TXT record must prove the private name."
  }

  assert {
    condition     = aws_vpc_endpoint_private_dns.consumer.private_dns_enabled && output.urls.consumer_vpc == "http://api.example.com"
    error_message = "The consumer VPC must use the private name."
  }

  assert {
    condition     = aws_vpc_endpoint_service.this.supported_regions == toset(["eu-west-1", "eu-west-2"])
    error_message = "The service's own region is a supported one too."
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint_connection_accepter.this)) == toset(["consumer_vpc", "vpce-ccccccccccccccccc"])
    error_message = "The endpoints listed must be accepted."
  }

  assert {
    condition     = length(module.service_instance) == 0 && length(module.consumer_instance) == 0 && length(output.ssm_commands) == 0
    error_message = "Without test instances there is nothing to log in to."
  }

  assert {
    condition     = aws_rds_cluster.this.skip_final_snapshot && aws_ecr_repository.image["app"].force_delete
    error_message = "Without deletion protection nothing may stand in the way of destroy."
  }
}

run "the_load_balancers_own_block" {
  module {
    source = "./modules/network"
  }

  variables {
    name               = "made-up"
    cidr               = "10.20.0.0/16"
    zones              = [{ id = "euw2-az1", name = "eu-west-2b" }, { id = "euw2-az3", name = "eu-west-2a" }]
    tiers              = ["tasks", "load-balancer"]
    log_retention_days = 1
    logs_key_arn       = "arn:aws:kms:eu-west-2:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  assert {
    condition     = output.blocks == { tasks = "10.20.0.0/18", load-balancer = "10.20.64.0/18" }
    error_message = "Each tier must have a quarter of the VPC."
  }

  assert {
    condition = { for key, subnet in aws_subnet.this : key => "${subnet.availability_zone} ${subnet.cidr_block}" } == {
      tasks-euw2-az1         = "eu-west-2b 10.20.0.0/20"
      tasks-euw2-az3         = "eu-west-2a 10.20.16.0/20"
      load-balancer-euw2-az1 = "eu-west-2b 10.20.64.0/20"
      load-balancer-euw2-az3 = "eu-west-2a 10.20.80.0/20"
    }
    error_message = "A tier's subnets must lie in its block, one in each zone."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.this : subnet.map_public_ip_on_launch == false])
    error_message = "No subnet may give public addresses."
  }
}
