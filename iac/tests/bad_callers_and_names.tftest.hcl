# Bad input is refused at plan time, each for its own reason: a run for every validation, and every
# one of them wrong in that alone.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "certificate_id_alone" {
  command = plan

  variables {
    certificate_arn = "00000000-0000-0000-0000-000000000000"
  }

  expect_failures = [var.certificate_arn]
}

run "certificate_of_another_region" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/00000000-0000-0000-0000-000000000000"
  }

  expect_failures = [var.certificate_arn]
}

run "supported_region_is_its_own" {
  command = plan

  variables {
    supported_regions = ["eu-west-2"]
  }

  expect_failures = [var.supported_regions]
}

run "supported_region_unknown" {
  command = plan

  variables {
    supported_regions = ["mars-north-1"]
  }

  expect_failures = [var.supported_regions]
}

run "private_name_without_zone" {
  command = plan

  variables {
    private_dns_name = "api.example.com"
  }

  expect_failures = [var.private_dns_name]
}

run "private_name_of_one_label" {
  command = plan

  variables {
    private_dns_name    = "api"
    private_dns_zone_id = "Z0123456789ABCDEF"
  }

  expect_failures = [var.private_dns_name]
}

run "zone_without_private_name" {
  command = plan

  variables {
    private_dns_zone_id = "Z0123456789ABCDEF"
  }

  expect_failures = [var.private_dns_name]
}

run "zone_name_for_its_id" {
  command = plan

  variables {
    private_dns_name    = "api.example.com"
    private_dns_zone_id = "example.com"
  }

  expect_failures = [var.private_dns_zone_id]
}

run "internal_zone_with_dot" {
  command = plan

  variables {
    internal_zone = "internal.com."
  }

  expect_failures = [var.internal_zone]
}

run "internal_host_with_dot" {
  command = plan

  variables {
    internal_host = "demo.internal"
  }

  expect_failures = [var.internal_host]
}

run "no_email" {
  command = plan

  variables {
    notification_emails = ["ops"]
  }

  expect_failures = [var.notification_emails]
}

run "private_name_outside_the_zone" {
  command = plan

  variables {
    private_dns_name    = "api.example.org"
    private_dns_zone_id = "Z0123456789ABCDEF"
  }

  expect_failures = [data.aws_route53_zone.public]
}

run "metrics_of_too_many_consumers" {
  command = plan

  variables {
    consumers = {
      c0  = { account = "111122223333" }
      c1  = { account = "111122223333" }
      c2  = { account = "111122223333" }
      c3  = { account = "111122223333" }
      c4  = { account = "111122223333" }
      c5  = { account = "111122223333" }
      c6  = { account = "111122223333" }
      c7  = { account = "111122223333" }
      c8  = { account = "111122223333" }
      c9  = { account = "111122223333" }
      c10 = { account = "111122223333" }
    }
    consumer_metrics = ["c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10"]
  }

  expect_failures = [var.consumer_metrics]
}

run "metrics_of_a_consumer_that_is_none" {
  command = plan

  variables {
    consumer_metrics = ["acme"]
  }

  expect_failures = [var.consumer_metrics]
}

run "metrics_of_whoever_has_no_name" {
  command = plan

  variables {
    consumers        = { other = { endpoint_ids = ["*"], rate = 20 } }
    consumer_metrics = ["other"]
  }

  expect_failures = [var.consumer_metrics]
}
