# Consumers' ends: who may use an endpoint, where it can be, and what becomes of one that is gone.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "several_blocks_and_groups" {
  command = plan

  module {
    source = "./modules/consumer-endpoint"
  }

  variables {
    name                   = "made-up"
    vpc_id                 = "vpc-1"
    client_cidrs           = ["10.30.0.0/16", "10.31.0.0/16"]
    client_security_groups = { batch = "sg-1" }
    subnet_ids             = { euw2-az1 = "subnet-1" }
    service_name           = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
    ports                  = [80, 443]
  }

  assert {
    condition = toset([for rule in aws_vpc_security_group_ingress_rule.client : "${rule.from_port} ${coalesce(rule.cidr_ipv4, rule.referenced_security_group_id)}"]) == toset([
      "80 10.30.0.0/16", "80 10.31.0.0/16", "80 sg-1", "443 10.30.0.0/16", "443 10.31.0.0/16", "443 sg-1",
    ])
    error_message = "Each block and each group must reach each port."
  }
}

run "no_client_at_all" {
  command = plan

  module {
    source = "./modules/consumer-endpoint"
  }

  variables {
    name         = "made-up"
    vpc_id       = "vpc-1"
    subnet_ids   = { euw2-az1 = "subnet-1" }
    service_name = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
    ports        = [80]
  }

  expect_failures = [var.client_cidrs]
}

run "block_that_is_none" {
  command = plan

  module {
    source = "./modules/consumer-endpoint"
  }

  variables {
    name         = "made-up"
    vpc_id       = "vpc-1"
    client_cidrs = ["10.30.0.1/16"]
    subnet_ids   = { euw2-az1 = "subnet-1" }
    service_name = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
    ports        = [80]
  }

  expect_failures = [var.client_cidrs]
}

run "no_subnet_with_cross_region_access" {
  command = plan

  module {
    source = "./modules/consumer-endpoint"
  }

  variables {
    name           = "made-up"
    vpc_id         = "vpc-1"
    client_cidrs   = ["10.30.0.0/16"]
    subnet_ids     = { use1-az3 = "subnet-1" }
    service_name   = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
    ports          = [80]
    service_region = "eu-west-2"
  }

  expect_failures = [aws_vpc_endpoint.this]
}

run "no_subnet_in_a_zone_of_the_service" {
  command = plan

  module {
    source = "./modules/consumer-endpoint"
  }

  variables {
    name          = "made-up"
    vpc_id        = "vpc-1"
    client_cidrs  = ["10.30.0.0/16"]
    subnet_ids    = { euw2-az1 = "subnet-1" }
    service_name  = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
    ports         = [80]
    service_zones = ["euw2-az2"]
  }

  expect_failures = [aws_vpc_endpoint.this]
}

run "a_consumer_that_has_left" {
  command = plan

  variables {
    accepted_endpoint_ids  = ["vpce-aaaaaaaaaaaaaaaaa", "vpce-ccccccccccccccccc"]
    connected_endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa", "vpce-0123456789abcdef0"]
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint_connection_accepter.this)) == toset(["consumer_vpc", "vpce-aaaaaaaaaaaaaaaaa"])
    error_message = "An endpoint that is gone must not be accepted: AWS would refuse it, and the deployment fail."
  }

  # It says so.
  expect_failures = [check.accepted_endpoints]
}

run "all_consumers_are_there" {
  command = plan

  variables {
    accepted_endpoint_ids  = ["vpce-aaaaaaaaaaaaaaaaa"]
    connected_endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa", "vpce-ccccccccccccccccc"]
  }

  assert {
    condition     = toset(keys(aws_vpc_endpoint_connection_accepter.this)) == toset(["consumer_vpc", "vpce-aaaaaaaaaaaaaaaaa"])
    error_message = "An endpoint that nobody accepts must wait."
  }
}

run "regions_are_always_said" {
  assert {
    condition     = aws_vpc_endpoint_service.this.supported_regions == toset(["eu-west-2"])
    error_message = "What is not said is left as AWS has it: then no region could ever be taken away."
  }

  assert {
    condition     = length(terraform_data.no_private_dns_name) == 1 && terraform_data.no_private_dns_name[0].input.name == "none"
    error_message = "There is no name to be taken away at first."
  }
}
