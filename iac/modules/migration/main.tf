# What new tasks need: a role for them in the database, and their schema, for a task that meets an older one stops at
# once. A module, because Terraform's own tests override it as a whole: they have no AWS that the commands could ask.

resource "terraform_data" "this" {
  triggers_replace = var.again_for

  provisioner "local-exec" {
    working_dir = "${path.module}/../../bin"
    command     = "./database-role && ./migrate"
    environment = {
      TERRAFORM_OUTPUTS = jsonencode({
        database  = { value = var.database }
        migration = { value = var.migration }
      })
    }
  }
}
