# What is chosen once. AWS cannot change it, so Terraform would delete what is deployed and make another; or, with
# another region, leave it all behind and forget it. Zones are kept by modules/network, the database by database.tf.

locals {
  chosen_once = {
    region            = var.region
    name              = var.name
    service_vpc_cidr  = var.service_vpc_cidr
    consumer_vpc_cidr = var.consumer_vpc_cidr
  }

  move_on_purpose = "To move on purpose, deploy it once more from a state of its own, under another name or in another region, let the consumers move there, and destroy this one"
}

resource "terraform_data" "deployed" {
  input = local.chosen_once

  lifecycle {
    ignore_changes = [input]

    postcondition {
      condition     = self.output.region == var.region
      error_message = "This is deployed in ${self.output.region}. With region ${var.region}, everything there, database and orders included, would be forgotten and go on costing. Set region back to ${self.output.region}. ${local.move_on_purpose}."
    }

    postcondition {
      condition     = self.output.name == var.name
      error_message = "This is deployed under the name ${self.output.name}. With ${var.name}, the load balancer, the endpoint service, which every consumer names, and the database with its orders would be deleted and made anew. Set name back to ${self.output.name}. ${local.move_on_purpose}."
    }

    postcondition {
      condition     = self.output.service_vpc_cidr == var.service_vpc_cidr
      error_message = "The service VPC is deployed as ${self.output.service_vpc_cidr}. With ${var.service_vpc_cidr}, it would be deleted with all that stands in it, the database and its orders too, and made anew. Set service_vpc_cidr back to ${self.output.service_vpc_cidr}. ${local.move_on_purpose}."
    }

    postcondition {
      condition     = self.output.consumer_vpc_cidr == var.consumer_vpc_cidr
      error_message = "The consumer VPC is deployed as ${self.output.consumer_vpc_cidr}. With ${var.consumer_vpc_cidr}, it would be deleted with its endpoint and made anew. Set consumer_vpc_cidr back to ${self.output.consumer_vpc_cidr}; another consumer VPC is made by consumer-account/ in this account."
    }
  }
}
