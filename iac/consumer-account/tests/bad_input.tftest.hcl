# Bad input is refused at plan time, each for its own reason.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  service_name                  = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
  service_availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3"]
}

run "id_for_the_service_name" {
  command = plan

  variables {
    service_name = "vpce-svc-0123456789abcdef0"
  }

  expect_failures = [var.service_name]
}

run "service_of_aws" {
  command = plan

  variables {
    service_name = "com.amazonaws.eu-west-2.s3"
  }

  expect_failures = [var.service_name]
}

run "no_service_zone" {
  command = plan

  variables {
    service_availability_zone_ids = []
  }

  expect_failures = [var.service_availability_zone_ids]
}

run "service_zone_names" {
  command = plan

  variables {
    service_availability_zone_ids = ["eu-west-2a"]
  }

  expect_failures = [var.service_availability_zone_ids]
}

run "unknown_port" {
  command = plan

  variables {
    service_ports = [8080]
  }

  expect_failures = [var.service_ports]
}

run "no_port" {
  command = plan

  variables {
    service_ports = []
  }

  expect_failures = [var.service_ports]
}

run "supported_region_in_words" {
  command = plan

  variables {
    service_supported_regions = ["London"]
  }

  expect_failures = [var.service_supported_regions]
}

run "region_without_the_service" {
  command = plan

  variables {
    region = "eu-west-1"
  }

  expect_failures = [var.region]
}

run "name_in_capitals" {
  command = plan

  variables {
    name = "Shop"
  }

  expect_failures = [var.name]
}

run "name_too_long" {
  command = plan

  variables {
    name = "a-name-of-twenty-five-char"
  }

  expect_failures = [var.name]
}

run "cidr_no_block" {
  command = plan

  variables {
    vpc_cidr = "10.30.0.0"
  }

  expect_failures = [var.vpc_cidr]
}

run "cidr_not_its_first_address" {
  command = plan

  variables {
    vpc_cidr = "10.30.1.0/16"
  }

  expect_failures = [var.vpc_cidr]
}

run "cidr_too_large" {
  command = plan

  variables {
    vpc_cidr = "10.0.0.0/8"
  }

  expect_failures = [var.vpc_cidr]
}

run "cidr_too_small" {
  command = plan

  variables {
    vpc_cidr = "10.30.0.0/26"
  }

  expect_failures = [var.vpc_cidr]
}

run "zone_twice" {
  command = plan

  variables {
    availability_zone_ids = ["euw2-az1", "euw2-az1"]
  }

  expect_failures = [var.availability_zone_ids]
}

run "unknown_zone" {
  command = plan

  variables {
    availability_zone_ids = ["euw2-az1", "euw2-az9"]
  }

  expect_failures = [var.availability_zone_ids]
}

run "no_zone_in_common" {
  command = plan

  variables {
    availability_zone_ids = ["euw2-az4"]
  }

  expect_failures = [var.availability_zone_ids]
}

run "retention_cloudwatch_lacks" {
  command = plan

  variables {
    log_retention_days = 2
  }

  expect_failures = [var.log_retention_days]
}

run "further_block_that_is_none" {
  command = plan

  variables {
    more_client_cidrs = ["10.31.0.1/16"]
  }

  expect_failures = [var.more_client_cidrs]
}

run "further_block_that_is_everybodys" {
  command = plan

  variables {
    more_client_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.more_client_cidrs]
}

run "boundary_by_name" {
  command = plan

  variables {
    permissions_boundary = "developers"
  }

  expect_failures = [var.permissions_boundary]
}

run "zone_without_cross_region_access" {
  command = plan

  variables {
    service_name              = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
    service_supported_regions = ["us-east-1"]
    region                    = "us-east-1"
    availability_zone_ids     = ["use1-az3"]
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"]
      zone_ids = ["use1-az6", "use1-az1", "use1-az2", "use1-az4", "use1-az3", "use1-az5"]
    }
  }

  expect_failures = [var.availability_zone_ids]
}
