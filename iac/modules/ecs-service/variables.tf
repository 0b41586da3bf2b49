variable "name" {
  description = "Name of the cluster and the service, prefix of the others."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the tasks, one in each zone."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the tasks."
  type        = string
}

variable "images" {
  description = "The images app and web, by digest."
  type        = object({ app = string, web = string })
}

variable "repository_arns" {
  description = "The repositories of the images."
  type        = list(string)
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64."
  type        = string
}

variable "cpu" {
  description = "CPU units of a task."
  type        = number
}

variable "memory" {
  description = "MiB of memory of a task."
  type        = number
}

variable "task_definition" {
  description = "ARN of the revision that the service runs; null: the newest, which is described here."
  type        = string
  default     = null
}

variable "tasks_min" {
  description = "Tasks that always run."
  type        = number
}

variable "tasks_max" {
  description = "Tasks that run at most."
  type        = number
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "logs_key_arn" {
  description = "KMS key of the logs."
  type        = string
}

variable "secret_arn" {
  description = "Secret with the database role, a JSON object with the members username and password."
  type        = string
}

variable "secret_key_arn" {
  description = "KMS key of the secret."
  type        = string
}

variable "app_environment" {
  description = "Environment of app, beside its socket and how it stops."
  type        = map(string)
}

variable "web_environment" {
  description = "Environment of web, beside its socket."
  type        = map(string)
}

variable "web_port" {
  description = "Port that web listens on."
  type        = number
}

variable "metrics_port" {
  description = "Port on which app tells its metrics to the network; null: none."
  type        = number
  default     = null
}

variable "target_group_arn" {
  description = "Target group of web, already used by a load balancer."
  type        = string
}

variable "rollback_alarms" {
  description = "CloudWatch alarms that undo a deployment."
  type        = list(string)
}

variable "ready" {
  description = "Known once everything exists that a task needs to start."
  type        = string
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds what the roles of the tasks may do; null: none."
  type        = string
  default     = null
}
