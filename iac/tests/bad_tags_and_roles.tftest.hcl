# Bad input is refused at plan time, each for its own reason: a run for every validation, and every
# one of them wrong in that alone.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "tag_of_a_letter_beyond_ascii" {
  command = plan

  variables {
    tags = { Owner = "Zoë" }
  }

  expect_failures = [var.tags]
}

run "tag_of_a_character_that_rds_refuses" {
  command = plan

  variables {
    tags = { Owner = "me & you" }
  }

  expect_failures = [var.tags]
}

run "tag_that_ends_with_a_space" {
  command = plan

  variables {
    tags = { Owner = "me " }
  }

  expect_failures = [var.tags]
}

run "tag_of_an_empty_key" {
  command = plan

  variables {
    tags = { "" = "me" }
  }

  expect_failures = [var.tags]
}

run "tag_of_a_long_key" {
  command = plan

  variables {
    tags = { (format("%0129d", 0)) = "me" }
  }

  expect_failures = [var.tags]
}

run "tag_of_a_long_value" {
  command = plan

  variables {
    tags = { Owner = format("%0257d", 0) }
  }

  expect_failures = [var.tags]
}

run "tag_value_reserved_by_aws" {
  command = plan

  variables {
    tags = { Owner = "aws:me" }
  }

  expect_failures = [var.tags]
}

run "tag_key_reserved_by_rds" {
  command = plan

  variables {
    tags = { "rds:owner" = "me" }
  }

  expect_failures = [var.tags]
}

run "tag_value_reserved_by_rds" {
  command = plan

  variables {
    tags = { Owner = "RDS:me" }
  }

  expect_failures = [var.tags]
}

run "tag_twice_for_iam" {
  command = plan

  variables {
    tags = { Owner = "me", owner = "you" }
  }

  expect_failures = [var.tags]
}

run "too_many_tags" {
  command = plan

  variables {
    tags = { for number in range(41) : "Number${number}" => "x" }
  }

  expect_failures = [var.tags]
}

run "boundary_by_name" {
  command = plan

  variables {
    permissions_boundary = "developers"
  }

  expect_failures = [var.permissions_boundary]
}

run "boundary_that_is_a_role" {
  command = plan

  variables {
    permissions_boundary = "arn:aws:iam::111122223333:role/developers"
  }

  expect_failures = [var.permissions_boundary]
}

run "connected_service" {
  command = plan

  variables {
    connected_endpoint_ids = ["vpce-svc-0123456789abcdef0"]
  }

  expect_failures = [var.connected_endpoint_ids]
}
