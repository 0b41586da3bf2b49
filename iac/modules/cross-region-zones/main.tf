# Which of some zones AWS offers cross-region access in: an endpoint to a service of another region, or a service
# that other regions reach, can be in no other.

locals {
  # AWS PrivateLink guide, "Share your services through AWS PrivateLink", "Cross-Region access".
  without_access = ["use1-az3", "usw1-az2", "apne1-az3", "apne2-az2", "apne2-az4"]
}
