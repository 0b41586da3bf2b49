# Consumers' ends: who may use an endpoint, where it can be, what becomes of one that is gone, and what the table of
# consumers makes of each.

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
    consumers              = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa", "vpce-ccccccccccccccccc"] } }
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
    consumers              = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] } }
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

run "a_table_of_consumers" {
  command = plan

  variables {
    consumers = {
      acme    = { account = "444455556666", endpoint_ids = ["vpce-ccccccccccccccccc", "vpce-aaaaaaaaaaaaaaaaa"], rate = 50, burst = 60 }
      initech = { account = "arn:aws:iam::777788889999:role/path/deployer" }
      globex  = { account = "888899990000", endpoint_ids = ["vpce-bbbbbbbbbbbbbbbbb"], rate = 5, denied = true }
      batch   = { endpoint_ids = ["vpce-ddddddddddddddddd"], rate = 100000, burst = 1000000 }
      other   = { endpoint_ids = ["*"], rate = 20 }
      local   = { endpoint_ids = ["-"] }
    }
  }

  assert {
    condition = module.consumers.lines == [
      "vpce-aaaaaaaaaaaaaaaaa acme rate=50 burst=60", "vpce-ccccccccccccccccc acme rate=50 burst=60",
      "vpce-ddddddddddddddddd batch rate=100000 burst=1000000", "vpce-bbbbbbbbbbbbbbbbb globex rate=5 denied",
      "- local", "* other rate=20",
    ]
    error_message = "Each endpoint must have its line, and who has none yet must have no line."
  }

  assert {
    condition = toset(keys(aws_vpc_endpoint_service_allowed_principal.this)) == toset([
      "arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root", "arn:aws:iam::777788889999:role/path/deployer",
    ])
    error_message = "Each account must be allowed once, and none that is denied."
  }

  assert {
    condition = toset(keys(aws_vpc_endpoint_connection_accepter.this)) == toset([
      "consumer_vpc", "vpce-aaaaaaaaaaaaaaaaa", "vpce-ccccccccccccccccc", "vpce-ddddddddddddddddd",
    ])
    error_message = "Each endpoint must be accepted, and none that is denied."
  }
}

run "one_of_two_of_an_account_is_denied" {
  command = plan

  variables {
    consumers = {
      acme   = { account = "444455556666", endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] }
      globex = { account = "444455556666", endpoint_ids = ["vpce-bbbbbbbbbbbbbbbbb"], denied = true }
    }
  }

  assert {
    condition     = contains(keys(aws_vpc_endpoint_service_allowed_principal.this), "arn:aws:iam::444455556666:root")
    error_message = "The other one must still be allowed."
  }
}

run "accepted_by_aws" {
  command = plan

  variables {
    acceptance_required = false
    consumers           = { acme = { account = "444455556666", endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], rate = 1 } }
  }

  assert {
    condition     = length(aws_vpc_endpoint_connection_accepter.this) == 0 && module.consumers.lines == ["vpce-aaaaaaaaaaaaaaaaa acme rate=1"]
    error_message = "Whoever AWS accepts must still be named and limited."
  }
}

run "the_endpoint_here_which_is_accepted_anyway" {
  # Its id is known, for the run regions_are_always_said has made it.
  command = plan

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-0123456789abcdef0"] } }
  }

  expect_failures = [aws_vpc_endpoint_connection_accepter.this]
}
