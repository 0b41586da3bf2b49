output "instance_id" {
  description = "Id of the instance."
  value       = aws_instance.this.id
}

output "security_group_id" {
  description = "Security group of the instance."
  value       = aws_security_group.this.id
}
