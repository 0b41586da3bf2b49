# Everything switched on that can be; tests add the ids of the public zone and the certificate they made.
app_image_digest = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
web_image_digest = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

# So that destroy may follow.
deletion_protection = false

supported_regions   = ["eu-west-1"]
private_dns_name    = "orders.postern.example"
notification_emails = ["ops@postern.example"]
tags                = { Team = "shop" }

# test_cloud.py accepts an endpoint of acme's.
consumers = {
  acme   = { account = "222222222222", rate = 50 }
  globex = { account = "444444444444", endpoint_ids = ["vpce-0123456789abcdef0"], rate = 1, denied = true }
  other  = { endpoint_ids = ["*"], rate = 20, burst = 30 }
  local  = { endpoint_ids = ["-"] }
  # As long and as large as can be.
  a01234567890123456789012345678901234567890123456789012345678_-z = {
    endpoint_ids = ["vpce-0123456789abcdef1", "vpce-abcdef01"], rate = 100000, burst = 1000000, denied = true
  }
}

permissions_boundary = "arn:aws:iam::123456789012:policy/boundary"

metrics_scraper_cidr = "10.20.3.0/24"
consumer_metrics     = ["acme", "globex"]
