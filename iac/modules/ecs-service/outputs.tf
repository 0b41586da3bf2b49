output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "service_name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "task_definition_arn" {
  description = "The revision of the pair's task definition that the service ought to run."
  value       = coalesce(var.task_definition, aws_ecs_task_definition.pair.arn)
}

output "newest_task_definition_arn" {
  description = "The revision that is described here, whether the service runs it or not."
  value       = aws_ecs_task_definition.pair.arn
}

output "migrate_task_definition_arn" {
  description = "The task definition that migrates the schema and ends."
  value       = aws_ecs_task_definition.migrate.arn

  # Without the role's policy, the task could not start.
  depends_on = [aws_iam_role_policy.execution]
}

output "log_groups" {
  description = "Names of the log groups by container."
  value       = { for container, group in aws_cloudwatch_log_group.this : container => group.name }
}

output "app_environment" {
  description = "Environment of app, without its secrets."
  value       = local.app_environment
}
