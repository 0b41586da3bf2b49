output "id" {
  description = "Known once it is done."
  value       = terraform_data.this.id
}
