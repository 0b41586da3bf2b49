variable "zone_ids" {
  description = "Ids of availability zones."
  type        = list(string)
}
