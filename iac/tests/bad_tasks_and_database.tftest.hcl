# Bad input is refused at plan time, each for its own reason: a run for every validation, and every
# one of them wrong in that alone.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
}

run "unknown_architecture" {
  command = plan

  variables {
    cpu_architecture = "arm64"
  }

  expect_failures = [var.cpu_architecture]
}

run "cpu_fargate_lacks" {
  command = plan

  variables {
    task_cpu = 300
  }

  expect_failures = [var.task_cpu]
}

run "memory_fargate_lacks" {
  command = plan

  variables {
    task_memory = 1500
  }

  expect_failures = [var.task_memory]
}

run "memory_too_small_for_the_cpu" {
  command = plan

  variables {
    task_cpu    = 1024
    task_memory = 1024
  }

  expect_failures = [var.task_memory]
}

run "fewer_tasks_than_zones" {
  command = plan

  variables {
    tasks_min = 2
  }

  expect_failures = [var.tasks_min]
}

run "tasks_in_halves" {
  command = plan

  variables {
    tasks_min = 3.5
  }

  expect_failures = [var.tasks_min]
}

run "fewer_tasks_at_most_than_at_least" {
  command = plan

  variables {
    tasks_min = 5
    tasks_max = 4
  }

  expect_failures = [var.tasks_max]
}

run "no_worker_beside_the_one_that_is_replaced" {
  command = plan

  variables {
    task_workers = 1
  }

  expect_failures = [var.task_workers]
}

# 2 × 15 × 26 = 780, and 4 ACU take 760.
run "more_connections_than_the_database_takes" {
  command = plan

  variables {
    tasks_max = 15
  }

  expect_failures = [var.tasks_max]
}

# 2 × 4 × 26 = 208, and 1 ACU takes 190.
run "too_small_a_database_for_four_tasks" {
  command = plan

  variables {
    tasks_max        = 4
    database_max_acu = 1
  }

  expect_failures = [var.tasks_max]
}

# 16 ACU would take 3040, were it not for the half ACU at least: 2 × 39 × 26 = 2028.
run "more_connections_than_a_database_that_shrinks_takes" {
  command = plan

  variables {
    tasks_max        = 39
    database_max_acu = 16
  }

  expect_failures = [var.tasks_max]
}

run "metrics_for_a_block_that_is_none" {
  command = plan

  variables {
    metrics_scraper_cidr = "10.20.3.4/24"
  }

  expect_failures = [var.metrics_scraper_cidr]
}

run "metrics_for_another_vpc" {
  command = plan

  variables {
    metrics_scraper_cidr = "10.30.3.0/24"
  }

  expect_failures = [var.metrics_scraper_cidr]
}

run "metrics_for_more_than_the_vpc" {
  command = plan

  variables {
    metrics_scraper_cidr = "10.0.0.0/8"
  }

  expect_failures = [var.metrics_scraper_cidr]
}

run "unknown_log_level" {
  command = plan

  variables {
    log_level = "trace"
  }

  expect_failures = [var.log_level]
}

run "retention_cloudwatch_lacks" {
  command = plan

  variables {
    log_retention_days = 31
  }

  expect_failures = [var.log_retention_days]
}

run "engine_major_version_alone" {
  command = plan

  variables {
    database_engine_version = "16"
  }

  expect_failures = [var.database_engine_version]
}

run "engine_too_old" {
  command = plan

  variables {
    database_engine_version = "13.9"
  }

  expect_failures = [var.database_engine_version]
}

run "no_database" {
  command = plan

  variables {
    database_instances = 0
  }

  expect_failures = [var.database_instances]
}

run "database_that_pauses" {
  command = plan

  variables {
    database_min_acu = 0
  }

  expect_failures = [var.database_min_acu]
}

run "acu_in_quarters" {
  command = plan

  variables {
    database_min_acu = 0.75
  }

  expect_failures = [var.database_min_acu]
}

run "database_max_below_min" {
  command = plan

  variables {
    database_min_acu = 4
    database_max_acu = 2
  }

  expect_failures = [var.database_max_acu]
}

run "no_backup" {
  command = plan

  variables {
    database_backup_days = 0
  }

  expect_failures = [var.database_backup_days]
}

run "backup_too_long" {
  command = plan

  variables {
    database_backup_days = 36
  }

  expect_failures = [var.database_backup_days]
}
