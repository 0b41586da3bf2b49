# A database made from a snapshot or from another at a point in time, and one that exists kept as it is.
# The runs share a state: what the first deploys, the others plan to change.

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

run "from_a_snapshot" {
  variables {
    database_snapshot = "before-the-flood"
  }

  assert {
    condition     = aws_rds_cluster.this.snapshot_identifier == "before-the-flood" && aws_rds_cluster.this.cluster_identifier == "postern"
    error_message = "The cluster must be made from the snapshot."
  }

  assert {
    condition     = aws_rds_cluster.this.final_snapshot_identifier == "postern-final" && !aws_rds_cluster.this.skip_final_snapshot
    error_message = "Protected, it must leave a snapshot behind."
  }
}

run "snapshot_may_be_forgotten" {
  command = plan
}

run "from_another_snapshot" {
  command = plan

  variables {
    database_snapshot = "after-the-flood"
  }

  expect_failures = [terraform_data.database]
}

run "from_a_point_in_time_though_it_exists" {
  command = plan

  variables {
    database_point_in_time = { cluster = "old", time = "2026-01-31T12:00:00Z" }
  }

  expect_failures = [terraform_data.database]
}

run "another_identifier" {
  command = plan

  variables {
    database_identifier = "postern-2"
  }

  expect_failures = [terraform_data.database]
}

run "last_snapshot_by_name" {
  command = plan

  variables {
    deletion_protection       = false
    final_snapshot_identifier = "postern-20260131"
  }

  assert {
    condition     = aws_rds_cluster.this.final_snapshot_identifier == "postern-20260131" && !aws_rds_cluster.this.skip_final_snapshot
    error_message = "A snapshot that is named must be made, protected or not."
  }
}

run "beside_the_former_one" {
  command   = plan
  state_key = "beside"

  variables {
    database_identifier    = "postern-2"
    database_point_in_time = { cluster = "postern", time = "2026-01-31T12:00:00Z" }
  }

  assert {
    condition     = one(aws_rds_cluster.this.restore_to_point_in_time).source_cluster_identifier == "postern" && one(aws_rds_cluster.this.restore_to_point_in_time).restore_to_time == "2026-01-31T12:00:00Z"
    error_message = "The cluster must be made from the other at that time."
  }

  assert {
    condition     = aws_rds_cluster.this.cluster_identifier == "postern-2" && aws_rds_cluster_instance.this[0].identifier == "postern-2-1" && aws_cloudwatch_log_group.database.name == "/aws/rds/cluster/postern-2/postgresql"
    error_message = "Everything of it must have the other identifier."
  }
}

run "from_the_kept_backups_of_a_deleted_one" {
  command   = plan
  state_key = "deleted"

  variables {
    database_point_in_time = { cluster = "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ" }
  }

  assert {
    condition     = one(aws_rds_cluster.this.restore_to_point_in_time).source_cluster_resource_id == "cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ" && one(aws_rds_cluster.this.restore_to_point_in_time).use_latest_restorable_time
    error_message = "A deleted cluster has its resource id alone, and a time that is not given is the latest."
  }
}

run "revision_that_ecs_went_back_to" {
  command = plan

  variables {
    task_definition = "arn:aws:ecs:eu-west-2:111122223333:task-definition/postern:41"
  }

  assert {
    condition     = module.service.task_definition_arn == "arn:aws:ecs:eu-west-2:111122223333:task-definition/postern:41" && output.ecs.task_definition == module.service.task_definition_arn && output.ecs.newest_task_definition != output.ecs.task_definition
    error_message = "The service must go on running the revision that is named."
  }
}
