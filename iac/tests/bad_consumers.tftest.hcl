# Rows of the table of consumers that are refused, each for its own reason: a run for every validation, and every
# one of them wrong in that alone. They are fcgi-app/config/consumers.c's reasons, but for the accounts.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account   = "111122223333"
  partition = "aws"
}

run "name_in_capitals" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { Acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] } }
  }

  expect_failures = [var.consumers]
}

run "name_that_begins_with_a_hyphen" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { "-" = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] } }
  }

  expect_failures = [var.consumers]
}

run "name_of_64_characters" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { "a23456789012345678901234567890123456789012345678901234567890abcd" = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] } }
  }

  expect_failures = [var.consumers]
}

run "name_that_is_an_endpoints_id" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { vpce-0123456789abcdef0 = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] } }
  }

  expect_failures = [var.consumers]
}

run "account_of_eleven_digits" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { account = "11112222333" } }
  }

  expect_failures = [var.consumers]
}

run "account_that_is_everybody" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { account = "*" } }
  }

  expect_failures = [var.consumers]
}

run "account_that_is_a_bucket" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { account = "arn:aws:s3:::bucket" } }
  }

  expect_failures = [var.consumers]
}

run "endpoint_that_is_a_service" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-svc-0123456789abcdef0"] } }
  }

  expect_failures = [var.consumers]
}

run "endpoint_in_capitals" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-0123456789ABCDEF0"] } }
  }

  expect_failures = [var.consumers]
}

run "endpoint_of_two_consumers" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] }, globex = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"] } }
  }

  expect_failures = [var.consumers]
}

run "unlisted_beside_another_endpoint" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["*", "vpce-aaaaaaaaaaaaaaaaa"] } }
  }

  expect_failures = [var.consumers]
}

run "rate_of_nothing" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], rate = 0 } }
  }

  expect_failures = [var.consumers]
}

run "rate_in_halves" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], rate = 1.5 } }
  }

  expect_failures = [var.consumers]
}

run "rate_too_high" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], rate = 100001 } }
  }

  expect_failures = [var.consumers]
}

run "burst_of_nothing" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], rate = 1, burst = 0 } }
  }

  expect_failures = [var.consumers]
}

run "burst_in_halves" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], rate = 1, burst = 1.5 } }
  }

  expect_failures = [var.consumers]
}

run "burst_too_high" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], rate = 1, burst = 1000001 } }
  }

  expect_failures = [var.consumers]
}

run "burst_without_rate" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { endpoint_ids = ["vpce-aaaaaaaaaaaaaaaaa"], burst = 10 } }
  }

  expect_failures = [var.consumers]
}

run "more_endpoints_than_the_application_takes" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { acme = { account = "444455556666", denied = true, endpoint_ids = [for number in range(1001) : format("vpce-%08x", number)] } }
  }

  expect_failures = [var.consumers]
}

run "more_bytes_than_a_task_definition_has_room_for" {
  command = plan

  module {
    source = "./modules/consumers"
  }

  variables {
    consumers = { for number in range(900) : "a-consumer-with-a-long-name-${number}" => { denied = true, endpoint_ids = [format("vpce-%017x", number)] } }
  }

  expect_failures = [var.consumers]
}
