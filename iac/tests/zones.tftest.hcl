# Which zones are taken, and what is chosen once: what is deployed is not moved by changing a variable.
# The runs without a state_key share a state: what one deploys, the others plan to change.

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

run "zones_with_cross_region_access_come_first" {
  command   = plan
  state_key = "virginia"

  variables {
    region = "us-east-1"
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"]
      zone_ids = ["use1-az6", "use1-az1", "use1-az2", "use1-az4", "use1-az3", "use1-az5"]
    }
  }

  assert {
    condition     = tolist(local.service_zones) == tolist(["use1-az1", "use1-az2", "use1-az4"])
    error_message = "use1-az3 has no cross-region access: chosen, it would stand in the way of supported_regions."
  }
}

run "too_few_of_them_are_enough_without_other_regions" {
  command   = plan
  state_key = "seoul"

  variables {
    region = "ap-northeast-2"
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c", "ap-northeast-2d"]
      zone_ids = ["apne2-az1", "apne2-az2", "apne2-az3", "apne2-az4"]
    }
  }

  assert {
    condition     = tolist(local.service_zones) == tolist(["apne2-az1", "apne2-az3", "apne2-az2"])
    error_message = "Without supported_regions, any three zones will do."
  }
}

run "too_few_zones_for_other_regions" {
  command   = plan
  state_key = "seoul"

  variables {
    region            = "ap-northeast-2"
    supported_regions = ["eu-west-1"]
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c", "ap-northeast-2d"]
      zone_ids = ["apne2-az1", "apne2-az2", "apne2-az3", "apne2-az4"]
    }
  }

  expect_failures = [var.supported_regions]
}

run "zone_without_cross_region_access" {
  command   = plan
  state_key = "virginia"

  variables {
    region                = "us-east-1"
    supported_regions     = ["eu-west-1"]
    availability_zone_ids = ["use1-az1", "use1-az2", "use1-az3"]
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

run "deployed" {
}

run "a_fourth_zone_moves_nothing" {
  variables {
    availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3", "euw2-az4"]
  }

  override_data {
    target = data.aws_availability_zones.here
    values = {
      names    = ["eu-west-2a", "eu-west-2b", "eu-west-2c", "eu-west-2d"]
      zone_ids = ["euw2-az2", "euw2-az3", "euw2-az1", "euw2-az4"]
    }
  }

  assert {
    condition = (module.service_vpc.subnet_ids["tasks"]["euw2-az1"] == run.deployed.migration.subnet_ids[0]
    && slice(output.migration.subnet_ids, 0, 3) == run.deployed.migration.subnet_ids && length(output.migration.subnet_ids) == 4)
    error_message = "The subnets of the zones that were there must stay, and the fourth be added."
  }
}

run "another_region" {
  command = plan

  variables {
    region = "eu-west-1"
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

run "another_service_block" {
  command = plan

  variables {
    service_vpc_cidr = "10.21.0.0/16"
  }

  expect_failures = [terraform_data.deployed]
}

run "another_consumer_block" {
  command = plan

  variables {
    consumer_vpc_cidr = "10.31.0.0/16"
  }

  expect_failures = [terraform_data.deployed]
}

run "another_name" {
  command = plan

  variables {
    name                = "gate"
    database_identifier = "postern"
  }

  expect_failures = [terraform_data.deployed]
}

run "one_more_zone" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    name               = "made-up"
    cidr               = "10.20.0.0/16"
    zones              = [{ id = "euw2-az1", name = "eu-west-2c" }, { id = "euw2-az2", name = "eu-west-2a" }, { id = "euw2-az3", name = "eu-west-2b" }]
    tiers              = ["tasks", "load-balancer"]
    log_retention_days = 1
    logs_key_arn       = "arn:aws:kms:eu-west-2:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  override_data {
    target = data.aws_subnets.deployed
    values = { ids = ["subnet-1"] }
  }

  override_data {
    target = data.aws_subnet.deployed
    values = { availability_zone_id = "euw2-az2", cidr_block = "10.20.16.0/20" }
  }

  assert {
    condition     = aws_subnet.this["tasks-euw2-az2"].cidr_block == "10.20.16.0/20" && aws_subnet.this["tasks-euw2-az3"].cidr_block == "10.20.32.0/20"
    error_message = "A zone must keep its place, and a new one come after it."
  }
}

run "a_zone_that_would_change_its_place" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    name               = "made-up"
    cidr               = "10.20.0.0/16"
    zones              = [{ id = "euw2-az2", name = "eu-west-2a" }, { id = "euw2-az1", name = "eu-west-2c" }, { id = "euw2-az3", name = "eu-west-2b" }]
    tiers              = ["tasks", "load-balancer"]
    log_retention_days = 1
    logs_key_arn       = "arn:aws:kms:eu-west-2:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  override_data {
    target = data.aws_subnets.deployed
    values = { ids = ["subnet-1"] }
  }

  override_data {
    target = data.aws_subnet.deployed
    values = { availability_zone_id = "euw2-az2", cidr_block = "10.20.16.0/20" }
  }

  expect_failures = [aws_vpc.this]
}

run "a_zone_that_would_be_left" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    name               = "made-up"
    cidr               = "10.20.0.0/16"
    zones              = [{ id = "euw2-az1", name = "eu-west-2c" }]
    tiers              = ["tasks", "load-balancer"]
    log_retention_days = 1
    logs_key_arn       = "arn:aws:kms:eu-west-2:111122223333:key/00000000-0000-0000-0000-000000000000"
  }

  override_data {
    target = data.aws_subnets.deployed
    values = { ids = ["subnet-1"] }
  }

  override_data {
    target = data.aws_subnet.deployed
    values = { availability_zone_id = "euw2-az2", cidr_block = "10.20.16.0/20" }
  }

  expect_failures = [aws_vpc.this]
}
