mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  service_name                  = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
  service_availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3"]
}

run "defaults" {
  assert {
    condition     = module.endpoint.zones == ["euw2-az1", "euw2-az2", "euw2-az3"]
    error_message = "Without zones of its own, the consumer must take the service's."
  }

  assert {
    condition     = length(aws_vpc_endpoint_private_dns.this) == 0
    error_message = "The private name must wait for the owner's acceptance."
  }

  assert {
    condition     = output.account_principal == "arn:aws:iam::444455556666:root"
    error_message = "The principal must be this account."
  }
}

run "some_zones_in_common" {
  variables {
    availability_zone_ids = ["euw2-az4", "euw2-az3"]
    private_dns_enabled   = true
    test_instance         = false
  }

  assert {
    condition     = module.endpoint.zones == ["euw2-az3"]
    error_message = "The endpoint must be in the zones both sides have, and in no other."
  }

  assert {
    condition     = length(aws_vpc_endpoint_private_dns.this) == 1 && output.ssm_command == null
    error_message = "The switches must switch."
  }
}

run "from_another_region" {
  variables {
    service_name              = "com.amazonaws.vpce.eu-west-1.vpce-svc-0123456789abcdef0"
    service_supported_regions = ["eu-west-2"]
  }

  assert {
    condition     = local.service_region == "eu-west-1" && length(module.endpoint.zones) == 3
    error_message = "From another region, the endpoint must be in three zones of its own region."
  }
}
