# The consumer's root in another account; tests add the name of the service.
service_availability_zone_ids = ["euw2-az1", "euw2-az2", "euw2-az3"]
service_ports                 = [80, 443]
vpc_cidr                      = "10.40.0.0/16"
