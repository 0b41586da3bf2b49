mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  service_name                  = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
  service_availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3"]
}

run "defaults" {
  assert {
    condition     = module.endpoint.zones == tolist(["euw2-az1", "euw2-az2", "euw2-az3"])
    error_message = "Without zones of its own, the consumer must take the service's."
  }

  assert {
    condition     = length(aws_vpc_endpoint_private_dns.this) == 0
    error_message = "The private name must wait for the owner's acceptance."
  }

  assert {
    condition     = output.account == "444455556666"
    error_message = "The principal must be this account."
  }
}

run "some_zones_in_common" {
  state_key = "some_zones_in_common"

  variables {
    availability_zone_ids = ["euw2-az4", "euw2-az3"]
    private_dns_enabled   = true
    test_instance         = false
  }

  assert {
    condition     = module.endpoint.zones == tolist(["euw2-az3"])
    error_message = "The endpoint must be in the zones both sides have, and in no other."
  }

  assert {
    condition     = length(aws_vpc_endpoint_private_dns.this) == 1 && output.ssm_command == null
    error_message = "The switches must switch."
  }
}

run "from_another_region" {
  state_key = "from_another_region"

  variables {
    service_name              = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"
    service_supported_regions = ["eu-west-2"]
  }

  assert {
    condition     = local.service_region == "eu-west-1" && length(module.endpoint.zones) == 3
    error_message = "From another region, the endpoint must be in three zones of its own region."
  }
}

run "zones_with_cross_region_access_alone" {
  command   = plan
  state_key = "virginia"

  variables {
    region                    = "us-east-1"
    service_supported_regions = ["us-east-1"]
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"]
      zone_ids = ["use1-az6", "use1-az1", "use1-az2", "use1-az4", "use1-az3", "use1-az5"]
    }
  }

  assert {
    condition     = local.zones == tolist(["use1-az1", "use1-az2", "use1-az4"])
    error_message = "From another region, the zones must have cross-region access."
  }
}

run "more_clients" {
  command   = plan
  state_key = "more"

  variables {
    more_client_cidrs = ["10.31.0.0/16"]
  }

  assert {
    condition     = var.vpc_cidr == "10.30.0.0/16" && local.client_cidrs == toset(["10.30.0.0/16", "10.31.0.0/16"])
    error_message = "The VPC's own clients and the further ones must reach the endpoint."
  }
}

run "private_name_switched_off_again" {
  command   = plan
  state_key = "off"

  variables {
    private_dns_enabled = false
  }

  assert {
    condition     = aws_vpc_endpoint_private_dns.this[0].private_dns_enabled == false
    error_message = "To switch it off, AWS must be told."
  }
}

run "another_region" {
  command = plan

  variables {
    region                    = "eu-west-1"
    service_supported_regions = ["eu-west-1"]
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
      zone_ids = ["euw1-az1", "euw1-az2", "euw1-az3"]
    }
  }

  expect_failures = [terraform_data.deployed]
}

run "another_name" {
  command = plan

  variables {
    name = "other"
  }

  expect_failures = [terraform_data.deployed]
}

run "another_block" {
  command = plan

  variables {
    vpc_cidr = "10.32.0.0/16"
  }

  expect_failures = [terraform_data.deployed]
}
