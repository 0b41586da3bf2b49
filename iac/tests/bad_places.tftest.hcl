# Bad input is refused at plan time, each for its own reason: a run for every validation, and every
# one of them wrong in that alone.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "app_image_tag" {
  command = plan

  variables {
    app_image_digest = "1.0.0"
  }

  expect_failures = [var.app_image_digest]
}

run "app_image_name_with_digest" {
  command = plan

  variables {
    app_image_digest = "app@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  expect_failures = [var.app_image_digest]
}

run "web_image_latest" {
  command = plan

  variables {
    web_image_digest = "latest"
  }

  expect_failures = [var.web_image_digest]
}

run "web_image_short_digest" {
  command = plan

  variables {
    web_image_digest = "sha256:abc"
  }

  expect_failures = [var.web_image_digest]
}

run "region_without_the_service" {
  command = plan

  variables {
    region = "us-west-1"
  }

  expect_failures = [var.region]
}

run "region_that_does_not_exist" {
  command = plan

  variables {
    region = "eu-west-9"
  }

  expect_failures = [var.region]
}

run "name_in_capitals" {
  command = plan

  variables {
    name = "Postern"
  }

  expect_failures = [var.name]
}

run "name_too_long" {
  command = plan

  variables {
    name = "postern-of-the-castle"
  }

  expect_failures = [var.name]
}

run "tags_reserved_by_aws" {
  command = plan

  variables {
    tags = { "aws:owner" = "me" }
  }

  expect_failures = [var.tags]
}

run "tags_set_already" {
  command = plan

  variables {
    tags = { project = "other" }
  }

  expect_failures = [var.tags]
}

run "two_zones" {
  command = plan

  variables {
    availability_zone_ids = ["euw2-az1", "euw2-az2"]
  }

  expect_failures = [var.availability_zone_ids]
}

run "one_zone_twice" {
  command = plan

  variables {
    availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az2"]
  }

  expect_failures = [var.availability_zone_ids]
}

run "zone_names_for_ids" {
  command = plan

  variables {
    availability_zone_ids = ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
  }

  expect_failures = [var.availability_zone_ids]
}

run "unknown_zone" {
  command = plan

  variables {
    availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az9"]
  }

  expect_failures = [var.availability_zone_ids]
}

run "consumer_zone_twice" {
  command = plan

  variables {
    consumer_availability_zone_ids = ["euw2-az1", "euw2-az1"]
  }

  expect_failures = [var.consumer_availability_zone_ids]
}

run "unknown_consumer_zone" {
  command = plan

  variables {
    consumer_availability_zone_ids = ["euw2-az1", "euw2-az9"]
  }

  expect_failures = [var.consumer_availability_zone_ids]
}

run "service_cidr_no_block" {
  command = plan

  variables {
    service_vpc_cidr = "10.20.0.0"
  }

  expect_failures = [var.service_vpc_cidr]
}

run "service_cidr_invalid_address" {
  command = plan

  variables {
    service_vpc_cidr = "10.20.0.256/16"
  }

  expect_failures = [var.service_vpc_cidr]
}

run "service_cidr_not_its_first_address" {
  command = plan

  variables {
    service_vpc_cidr = "10.20.0.1/16"
  }

  expect_failures = [var.service_vpc_cidr]
}

run "service_cidr_too_large" {
  command = plan

  variables {
    service_vpc_cidr = "10.0.0.0/15"
  }

  expect_failures = [var.service_vpc_cidr]
}

run "service_cidr_too_small" {
  command = plan

  variables {
    service_vpc_cidr = "10.20.0.0/23"
  }

  expect_failures = [var.service_vpc_cidr]
}

run "service_cidr_public" {
  command = plan

  variables {
    service_vpc_cidr = "172.32.0.0/16"
  }

  expect_failures = [var.service_vpc_cidr]
}

run "consumer_cidr_no_block" {
  command = plan

  variables {
    consumer_vpc_cidr = "ten"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "consumer_cidr_of_ipv6" {
  command = plan

  variables {
    consumer_vpc_cidr = "fd00::/56"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "consumer_cidr_too_large" {
  command = plan

  variables {
    consumer_vpc_cidr = "10.0.0.0/12"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "consumer_cidr_too_small" {
  command = plan

  variables {
    consumer_vpc_cidr = "10.30.0.0/25"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "consumer_cidr_public" {
  command = plan

  variables {
    consumer_vpc_cidr = "192.0.0.0/16"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "same_cidr_twice" {
  command = plan

  variables {
    consumer_vpc_cidr = "10.20.0.0/16"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "consumer_cidr_within_the_service" {
  command = plan

  variables {
    consumer_vpc_cidr = "10.20.128.0/24"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "service_cidr_within_the_consumer" {
  command = plan

  variables {
    service_vpc_cidr = "10.30.4.0/22"
  }

  expect_failures = [var.consumer_vpc_cidr]
}

run "five_consumer_zones" {
  command = plan

  variables {
    consumer_availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3", "euw2-az4", "euw2-az5"]
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["eu-west-2a", "eu-west-2b", "eu-west-2c", "eu-west-2d", "eu-west-2e"]
      zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3", "euw2-az4", "euw2-az5"]
    }
  }

  expect_failures = [var.consumer_availability_zone_ids]
}

run "no_zone_in_common" {
  command = plan

  variables {
    consumer_availability_zone_ids = ["euw2-az4"]
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["eu-west-2a", "eu-west-2b", "eu-west-2c", "eu-west-2d"]
      zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3", "euw2-az4"]
    }
  }

  expect_failures = [var.consumer_availability_zone_ids]
}

run "consumer_cidr_not_its_first_address" {
  command = plan

  variables {
    consumer_vpc_cidr = "10.30.1.0/16"
  }

  expect_failures = [var.consumer_vpc_cidr]
}
