# Everything switched on that can be; tests add the ids of the public zone and the certificate they made.
app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

# So that destroy may follow.
deletion_protection = false

allowed_principals  = ["arn:aws:iam::222222222222:root"]
supported_regions   = ["eu-west-1"]
private_dns_name    = "orders.postern.example"
denied_consumers    = ["vpce-0123456789abcdef0"]
notification_emails = ["ops@postern.example"]
tags                = { Team = "shop" }

permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"
