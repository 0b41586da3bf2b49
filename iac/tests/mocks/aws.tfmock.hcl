# What AWS would answer, where the configuration looks at it. Everything else is made up by Terraform.

mock_data "aws_availability_zones" {
  defaults = {
    names    = ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
    zone_ids = ["euw2-az2", "euw2-az3", "euw2-az1"] # an account's names are in no order
  }
}

mock_data "aws_caller_identity" {
  defaults = { account_id = "111122223333" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_region" {
  defaults = { name = "eu-west-2" }
}

mock_data "aws_iam_policy_document" {
  defaults = { json = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
}

mock_data "aws_ssm_parameter" {
  defaults = { insecure_value = "ami-0123456789abcdef0" }
}

mock_data "aws_route53_zone" {
  defaults = { name = "example.com", zone_id = "Z0123456789ABCDEF", private_zone = false }
}

mock_data "aws_subnets" {
  defaults = { ids = [] }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:eu-west-2:111122223333:key/00000000-0000-0000-0000-000000000000" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::111122223333:role/made-up" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-west-2:111122223333:log-group:made-up" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:eu-west-2:111122223333:made-up" }
}

mock_resource "aws_ecr_repository" {
  defaults = {
    arn            = "arn:aws:ecr:eu-west-2:111122223333:repository/made-up"
    repository_url = "111122223333.dkr.ecr.eu-west-2.amazonaws.com/made-up"
  }
}

mock_resource "aws_secretsmanager_secret" {
  defaults = { arn = "arn:aws:secretsmanager:eu-west-2:111122223333:secret:made-up-AbCdEf" }
}

mock_resource "aws_lb" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-2:111122223333:loadbalancer/net/postern/0123456789abcdef"
    arn_suffix = "net/postern/0123456789abcdef"
    dns_name   = "postern-0123456789abcdef.elb.eu-west-2.amazonaws.com"
    zone_id    = "ZD4D7Y8KGAS4G"
  }
}

mock_resource "aws_lb_target_group" {
  defaults = {
    arn        = "arn:aws:elasticloadbalancing:eu-west-2:111122223333:targetgroup/postern-web/0123456789abcdef"
    arn_suffix = "targetgroup/postern-web/0123456789abcdef"
  }
}

mock_resource "aws_lb_listener" {
  defaults = { arn = "arn:aws:elasticloadbalancing:eu-west-2:111122223333:listener/net/postern/0123456789abcdef/0123456789abcdef" }
}

mock_resource "aws_ecs_task_definition" {
  defaults = { arn = "arn:aws:ecs:eu-west-2:111122223333:task-definition/made-up:1" }
}

mock_resource "aws_ecs_cluster" {
  defaults = { id = "arn:aws:ecs:eu-west-2:111122223333:cluster/postern" }
}

mock_resource "aws_rds_cluster" {
  defaults = {
    arn                = "arn:aws:rds:eu-west-2:111122223333:cluster:postern"
    endpoint           = "postern.cluster-abcdefghijkl.eu-west-2.rds.amazonaws.com"
    master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-west-2:111122223333:secret:rds-AbCdEf", kms_key_id = "", secret_status = "active" }]
  }
}

mock_resource "aws_vpc_endpoint_service" {
  defaults = {
    id                             = "vpce-svc-0123456789abcdef0"
    private_dns_name               = ""
    service_name                   = "com.amazonaws.vpce.eu-west-2.vpce-svc-0123456789abcdef0"
    private_dns_name_configuration = [{ name = "_0123456789abcdef", state = "pendingVerification", type = "TXT", value = "vpce:0123456789abcdef" }]
  }
}

mock_resource "aws_vpc_endpoint" {
  defaults = {
    id             = "vpce-0123456789abcdef0"
    prefix_list_id = "pl-0123456789abcdef0"
    dns_entry      = [{ dns_name = "vpce-0123456789abcdef0-abcdefgh.vpce-svc-0123456789abcdef0.eu-west-2.vpce.amazonaws.com", hosted_zone_id = "Z7K1066E3PUKB" }]
  }
}
