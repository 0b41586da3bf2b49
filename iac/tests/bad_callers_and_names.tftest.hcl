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
