output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "IPv4 block of the VPC."
  value       = aws_vpc.this.cidr_block
}

output "blocks" {
  description = "The block that holds all subnets of each tier, and nothing else."
  value       = local.blocks
}

output "subnet_ids" {
  description = "Subnet ids by tier, then by availability zone id."
  value = { for tier in var.tiers : tier => {
    for key, subnet in local.subnets : subnet.zone.id => aws_subnet.this[key].id if subnet.tier == tier
  } }
}

output "route_table_id" {
  description = "Id of the one route table."
  value       = aws_route_table.this.id
}
