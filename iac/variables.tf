# The variables, but for images, region, names, zones and addresses: those are in variables-deployment.tf.

# ---- Tasks

variable "cpu_architecture" {
  description = "Processor of the tasks, and of the machine that builds their images: X86_64 or ARM64."
  type        = string
  default     = "X86_64"
  nullable    = false

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64, as Fargate spells them."
  }
}

variable "task_cpu" {
  description = "CPU units of one task; 1024 are one virtual CPU."
  type        = number
  default     = 512
  nullable    = false

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.task_cpu)
    error_message = "task_cpu must be 256, 512, 1024, 2048 or 4096: Fargate has no other size for these tasks."
  }
}

variable "task_memory" {
  description = "MiB of memory of one task."
  type        = number
  default     = 1024
  nullable    = false

  validation {
    condition = contains(lookup({
      256  = [512, 1024, 2048]
      512  = [for gib in range(1, 5) : gib * 1024]
      1024 = [for gib in range(2, 9) : gib * 1024]
      2048 = [for gib in range(4, 17) : gib * 1024]
      4096 = [for gib in range(8, 31) : gib * 1024]
    }, tostring(var.task_cpu), [var.task_memory]), var.task_memory)
    error_message = "Fargate has no task with task_cpu ${var.task_cpu} and task_memory ${var.task_memory}. Take MiB of memory: 512, 1024 or 2048 with 256 CPU units, 1024 to 4096 with 512, 2048 to 8192 with 1024, 4096 to 16384 with 2048, 8192 to 30720 with 4096, in steps of 1024."
  }
}

variable "tasks_min" {
  description = "Tasks that always run; at least one for each availability zone."
  type        = number
  default     = 3
  nullable    = false

  validation {
    condition     = var.tasks_min >= 3 && var.tasks_min == floor(var.tasks_min)
    error_message = "tasks_min must be a whole number, at least 3: one task for each availability zone."
  }
}

variable "task_workers" {
  description = "Worker processes of one task. Each reads for one request at a time, and up to 64 orders wait in it; one that has read keeps a connection to the database."
  type        = number
  default     = 24
  nullable    = false

  validation {
    condition     = var.task_workers >= 2 && var.task_workers <= 256 && var.task_workers == floor(var.task_workers)
    error_message = "task_workers must be a whole number from 2 to 256."
  }
}

variable "tasks_max" {
  description = "Tasks that run at most, under load."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.tasks_max >= var.tasks_min && var.tasks_max <= 100 && var.tasks_max == floor(var.tasks_max)
    error_message = "tasks_max must be a whole number from tasks_min (${var.tasks_min}) to 100."
  }

  validation {
    condition     = 2 * var.tasks_max * local.task_connections <= local.database_max_connections
    error_message = "tasks_max ${var.tasks_max} may open ${2 * var.tasks_max * local.task_connections} connections while a deployment runs as many new tasks beside the old ones, ${local.task_connections} each; the database takes ${local.database_max_connections}. Lower tasks_max or task_workers, or raise database_max_acu (to ${ceil(2 * var.tasks_max * local.task_connections / 190)}${var.database_min_acu < 1 ? ", and beyond 2000 connections database_min_acu to 1" : ""})."
  }
}

variable "task_definition" {
  description = "ARN of the revision that the service goes on running, as after ECS has undone a deployment; null: the one that this configuration describes. `make deploy` finds it out."
  type        = string
  default     = null

  validation {
    condition     = var.task_definition == null || can(regex("^arn:aws[a-z-]*:ecs:${var.region}:[0-9]{12}:task-definition/${var.name}:[0-9]+$", var.task_definition))
    error_message = "task_definition must be the ARN of a revision of this service's task definition, arn:aws:ecs:${var.region}:<account>:task-definition/${var.name}:<revision>, or null for the one that this configuration describes."
  }
}

variable "log_level" {
  description = "What the application logs: error, warn, info or debug."
  type        = string
  default     = "info"
  nullable    = false

  validation {
    condition     = contains(["error", "warn", "info", "debug"], var.log_level)
    error_message = "log_level must be error, warn, info or debug."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a time CloudWatch Logs has: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "metrics_scraper_cidr" {
  description = "IPv4 block of the service VPC from which a collector may ask each task for its metrics, at /metrics on port 9464; null: nobody."
  type        = string
  default     = null

  validation {
    condition     = var.metrics_scraper_cidr == null || try(cidrsubnet(var.metrics_scraper_cidr, 0, 0) == var.metrics_scraper_cidr, false)
    error_message = "metrics_scraper_cidr must be an IPv4 block whose address is its first, such as 10.20.0.0/24, or null for nobody."
  }

  # It lies within the other if it begins where the other does, once cut to the other's prefix.
  validation {
    condition = var.metrics_scraper_cidr == null || try(
      tonumber(split("/", var.metrics_scraper_cidr)[1]) >= tonumber(split("/", var.service_vpc_cidr)[1]) &&
      cidrhost("${split("/", var.metrics_scraper_cidr)[0]}/${split("/", var.service_vpc_cidr)[1]}", 0) == cidrhost(var.service_vpc_cidr, 0),
    !can(cidrhost(var.metrics_scraper_cidr, 0)) || !can(cidrhost(var.service_vpc_cidr, 0)))
    error_message = "metrics_scraper_cidr must lie within service_vpc_cidr (${var.service_vpc_cidr}): the metrics name all consumers, and go to nobody outside."
  }
}

variable "consumer_metrics" {
  description = "Names in consumers that CloudWatch counts requests, errors and limited requests of, ten at most: AWS bills three metrics for each."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.consumer_metrics) <= 10
    error_message = "consumer_metrics may have ten names at most: AWS bills three metrics for each, and a log group takes 100 filters. The metrics of all consumers are at /metrics: see metrics_scraper_cidr."
  }

  validation {
    condition     = alltrue([for name in var.consumer_metrics : contains(keys(var.consumers), name) && length(setintersection(try(var.consumers[name].endpoint_ids, []), ["*", "-"])) == 0])
    error_message = "consumer_metrics must hold names that are in consumers, and not of \"*\" or \"-\", whose callers have no name in the log."
  }
}

# ---- Database

variable "database_engine_version" {
  description = "Version of Aurora PostgreSQL. Minor versions are not installed unasked: raise it here, and the next `make deploy` restarts the database with it. The major version is chosen when the database is made; from 16 to 17 in place takes more than this, and AWS refuses it."
  type        = string
  default     = "16.8"
  nullable    = false

  validation {
    condition     = can(regex("^1[67]\\.[0-9]+$", var.database_engine_version))
    error_message = "database_engine_version must be a full version of PostgreSQL 16 or 17, such as 16.8."
  }
}

variable "database_instances" {
  description = "Database instances: the writer, and readers that take over when it fails."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = contains([1, 2, 3], var.database_instances)
    error_message = "database_instances must be 1 (no stand-in), 2 or 3 (one in each zone)."
  }
}

variable "database_min_acu" {
  description = "Least capacity of a database instance, in Aurora capacity units (about 2 GiB each)."
  type        = number
  default     = 0.5
  nullable    = false

  validation {
    condition     = var.database_min_acu >= 0.5 && var.database_min_acu <= 256 && var.database_min_acu * 2 == floor(var.database_min_acu * 2)
    error_message = "database_min_acu must be from 0.5 to 256 in steps of 0.5. It cannot be 0: a paused database would leave /readyz failing and no task healthy."
  }
}

variable "database_max_acu" {
  description = "Most capacity of a database instance, in Aurora capacity units."
  type        = number
  default     = 4
  nullable    = false

  validation {
    condition     = var.database_max_acu >= max(1, var.database_min_acu) && var.database_max_acu <= 256 && var.database_max_acu * 2 == floor(var.database_max_acu * 2)
    error_message = "database_max_acu must be from 1 to 256 in steps of 0.5, and no less than database_min_acu (${var.database_min_acu})."
  }
}

variable "database_backup_days" {
  description = "Days that the database's automatic backups are kept."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.database_backup_days >= 1 && var.database_backup_days <= 35 && var.database_backup_days == floor(var.database_backup_days)
    error_message = "database_backup_days must be a whole number from 1 to 35, the most Aurora keeps."
  }
}

variable "database_identifier" {
  description = "Identifier of the database cluster; null: `name`. A database that is restored while the former one still exists needs another."
  type        = string
  default     = null

  validation {
    condition     = var.database_identifier == null || can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.database_identifier)) && length(coalesce(var.database_identifier, "-")) <= 60
    error_message = "database_identifier must be 1 to 60 lower-case letters, digits and single hyphens, begin with a letter and not end with a hyphen, or null for the value of name."
  }
}

variable "database_snapshot" {
  description = "Identifier or ARN of the cluster snapshot that the database is made from; null: it is made empty. Only looked at when the database is made."
  type        = string
  default     = null

  validation {
    condition     = var.database_snapshot == null || can(regex("^(arn:aws[a-z-]*:rds:${var.region}:[0-9]{12}:cluster-snapshot:)?([a-z]+:)?[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", var.database_snapshot))
    error_message = "database_snapshot must be the identifier of a cluster snapshot, or its ARN in region ${var.region}, as `aws rds describe-db-cluster-snapshots` shows them."
  }

  validation {
    condition     = var.database_snapshot == null || var.database_point_in_time == null
    error_message = "A database is made from database_snapshot or from database_point_in_time; set one of them to null."
  }
}

variable "database_point_in_time" {
  description = "The cluster that the database is made from, by identifier or, if it is deleted and its backups were kept, by resource id (cluster-…), and the time in UTC, such as 2026-01-31T12:00:00Z; null for the time: the latest there is. Only looked at when the database is made."
  type        = object({ cluster = string, time = optional(string) })
  default     = null

  validation {
    condition     = var.database_point_in_time == null || can(regex("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", var.database_point_in_time.cluster))
    error_message = "database_point_in_time.cluster must be the identifier of a database cluster, or the resource id of a deleted one, cluster- and capital letters and digits."
  }

  validation {
    condition     = try(var.database_point_in_time.time, null) == null || can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", var.database_point_in_time.time)) && can(timeadd(var.database_point_in_time.time, "0s"))
    error_message = "database_point_in_time.time must be a time in UTC such as 2026-01-31T12:00:00Z, or null for the latest there is."
  }

  validation {
    condition     = try(var.database_point_in_time.cluster, "") != coalesce(var.database_identifier, var.name)
    error_message = "The cluster that is restored and the one it is restored from cannot have the same identifier; set database_identifier to another, such as ${var.name}-2."
  }
}

variable "final_snapshot_identifier" {
  description = "Identifier of the snapshot that the database leaves when it is deleted; null: `name`-final while deletion_protection is on, and none while it is off. `make destroy` sets it."
  type        = string
  default     = null

  validation {
    condition     = var.final_snapshot_identifier == null || can(regex("^[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$", var.final_snapshot_identifier)) && length(coalesce(var.final_snapshot_identifier, "-")) <= 255
    error_message = "final_snapshot_identifier must be 1 to 255 letters, digits and single hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the database and the load balancer. When off, the database leaves a final snapshot only if final_snapshot_identifier names it, and the image repositories go with their images."
  type        = bool
  default     = true
  nullable    = false
}

# ---- Load balancer and endpoint service

variable "certificate_arn" {
  description = "ACM certificate for a TLS listener on port 443, beside the one on 80; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn == null || can(regex("^arn:aws[a-z-]*:acm:${var.region}:[0-9]{12}:certificate/[0-9a-f-]{36}$", var.certificate_arn))
    error_message = "certificate_arn must be the ARN of an ACM certificate in region ${var.region}, arn:aws:acm:${var.region}:<account>:certificate/<id>, or null for no TLS listener."
  }
}

variable "consumers" {
  description = "Who may call, by name. Null for account is this account. \"*\" in endpoint_ids stands for endpoints that are not listed, \"-\" for callers in the service VPC; both are only limited or denied. Rates are requests a second for a task."
  type = map(object({
    account      = optional(string),
    endpoint_ids = optional(set(string), []),
    rate         = optional(number),
    burst        = optional(number),
    denied       = optional(bool, false)
  }))
  default  = {}
  nullable = false
}

variable "acceptance_required" {
  description = "Whether a new endpoint waits until its id is in consumers; if not, AWS accepts every one of an allowed account."
  type        = bool
  default     = true
  nullable    = false
}

variable "connected_endpoint_ids" {
  description = "Ids of the endpoints that AWS has for the endpoint service, accepted or not; null: not known, so all of consumers are taken to be there. `make deploy` finds it out."
  type        = set(string)
  default     = null

  validation {
    condition     = alltrue([for id in coalesce(var.connected_endpoint_ids, []) : can(regex("^vpce-[0-9a-f]{8,17}$", id))])
    error_message = "connected_endpoint_ids must hold ids of VPC endpoints, vpce- and 8 to 17 hexadecimal digits, or be null."
  }
}

variable "supported_regions" {
  description = "Other regions whose VPCs may connect (cross-region PrivateLink)."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for region in var.supported_regions : contains(local.regions, region) && region != var.region])
    error_message = "supported_regions must hold regions other than ${var.region}, which is supported anyway. Choose from ${join(", ", local.regions)}."
  }

  validation {
    condition     = length(var.supported_regions) == 0 || length(module.cross_region_zones.zone_ids) >= 3
    error_message = "In ${var.region}, AWS offers cross-region access in ${length(module.cross_region_zones.zone_ids)} zones only (${join(", ", module.cross_region_zones.zone_ids)}), and the service needs three. Leave supported_regions empty, or deploy in another region."
  }
}

# ---- Names

variable "private_dns_name" {
  description = "Public domain name that consumers may resolve to their own endpoint; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.private_dns_name == null || can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.private_dns_name))
    error_message = "private_dns_name must be a full domain name in lower case without a dot at its end, such as api.example.com."
  }

  validation {
    condition     = var.private_dns_name == null || var.private_dns_zone_id != null
    error_message = "private_dns_name needs private_dns_zone_id, the public Route 53 zone that holds it: AWS asks for a TXT record there before it believes that the name is yours. Set the zone's id, or leave the name null."
  }

  validation {
    condition     = var.private_dns_name != null || var.private_dns_zone_id == null
    error_message = "private_dns_zone_id alone does nothing; set private_dns_name too, or leave both null."
  }
}

variable "private_dns_zone_id" {
  description = "Id of the public Route 53 zone that holds private_dns_name; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.private_dns_zone_id == null || can(regex("^[0-9A-Z]{1,32}$", var.private_dns_zone_id))
    error_message = "private_dns_zone_id must be the id of a Route 53 zone, at most 32 digits and capital letters, as `aws route53 list-hosted-zones` shows it after /hostedzone/."
  }
}

variable "internal_zone" {
  description = "Private zone of the service VPC, in which clients there find the service."
  type        = string
  default     = "internal.com"
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.internal_zone))
    error_message = "internal_zone must be a domain name in lower case without a dot at its end, such as internal.com."
  }
}

variable "internal_host" {
  description = "Name of the service in internal_zone."
  type        = string
  default     = "vpc-endpoint-service-demo"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.internal_host))
    error_message = "internal_host must be one label of a domain name: lower-case letters, digits and inner hyphens, at most 63, no dot."
  }
}

# ---- Watching and trying

variable "notification_emails" {
  description = "Addresses that get the alarms and what happens to endpoint connections; each must confirm AWS's first message."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.notification_emails : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s.]+$", address))])
    error_message = "notification_emails must hold e-mail addresses such as ops@example.com."
  }
}

variable "test_instances" {
  description = "Whether each VPC has a small instance to try the service from, reached by SSM alone."
  type        = bool
  default     = true
  nullable    = false
}
