# Log groups that RDS and ECS made again while an earlier deployment of this name was destroyed: they are taken
# over, for a second one of the name is refused.

locals {
  made_again = {
    database = "/aws/rds/cluster/${local.database_identifier}/postgresql"
    insights = "/aws/ecs/containerinsights/${var.name}/performance"
  }
}

data "aws_cloudwatch_log_groups" "made_again" {
  for_each = local.made_again

  log_group_name_prefix = each.value
}

import {
  for_each = setintersection(data.aws_cloudwatch_log_groups.made_again["database"].log_group_names, [local.made_again.database])
  to       = aws_cloudwatch_log_group.database
  id       = each.value
}

import {
  for_each = setintersection(data.aws_cloudwatch_log_groups.made_again["insights"].log_group_names, [local.made_again.insights])
  to       = module.service.aws_cloudwatch_log_group.insights
  id       = each.value
}
