variable "again_for" {
  description = "It is done again when one of these changes."
  type        = list(string)
}

variable "database" {
  description = "What database-role needs to know: output database."
  type        = object({ region = string, cluster_arn = string, master_secret_arn = string, role_secret_arn = string, name = string })
}

variable "migration" {
  description = "What migrate needs to know: output migration."
  type        = object({ region = string, cluster = string, task_definition = string, subnet_ids = list(string), security_group_id = string, log_group = string })
}
