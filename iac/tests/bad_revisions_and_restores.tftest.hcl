# Bad input is refused at plan time, each for its own reason: a run for every validation, and every
# one of them wrong in that alone.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "task_definition_of_another_service" {
  command = plan

  variables {
    task_definition = "arn:aws:ecs:eu-west-2:111122223333:task-definition/other:3"
  }

  expect_failures = [var.task_definition]
}

run "database_identifier_with_underscore" {
  command = plan

  variables {
    database_identifier = "postern_2"
  }

  expect_failures = [var.database_identifier]
}

run "snapshot_of_another_region" {
  command = plan

  variables {
    database_snapshot = "arn:aws:rds:us-east-1:111122223333:cluster-snapshot:postern-final"
  }

  expect_failures = [var.database_snapshot]
}

run "snapshot_and_point_in_time" {
  command = plan

  variables {
    database_identifier    = "postern-2"
    database_snapshot      = "postern-final"
    database_point_in_time = { cluster = "postern" }
  }

  expect_failures = [var.database_snapshot]
}

run "point_in_time_of_an_arn" {
  command = plan

  variables {
    database_point_in_time = { cluster = "arn:aws:rds:eu-west-2:111122223333:cluster:old" }
  }

  expect_failures = [var.database_point_in_time]
}

run "point_in_time_that_is_no_time" {
  command = plan

  variables {
    database_point_in_time = { cluster = "old", time = "2026-02-30T12:00:00Z" }
  }

  expect_failures = [var.database_point_in_time]
}

run "point_in_time_in_local_time" {
  command = plan

  variables {
    database_point_in_time = { cluster = "old", time = "2026-01-31 12:00" }
  }

  expect_failures = [var.database_point_in_time]
}

run "restored_onto_itself" {
  command = plan

  variables {
    database_point_in_time = { cluster = "postern" }
  }

  expect_failures = [var.database_point_in_time]
}

run "final_snapshot_with_dot" {
  command = plan

  variables {
    final_snapshot_identifier = "postern.final"
  }

  expect_failures = [var.final_snapshot_identifier]
}
