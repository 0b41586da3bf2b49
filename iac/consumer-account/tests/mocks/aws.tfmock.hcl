mock_data "aws_availability_zones" {
  defaults = {
    names    = ["eu-west-2a", "eu-west-2b", "eu-west-2c", "eu-west-2d"]
    zone_ids = ["euw2-az3", "euw2-az1", "euw2-az2", "euw2-az4"]
  }
}

mock_data "aws_caller_identity" {
  defaults = { account_id = "444455556666" }
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

mock_data "aws_subnets" {
  defaults = { ids = [] }
}

mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:eu-west-2:444455556666:key/00000000-0000-0000-0000-000000000000" }
}

mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::444455556666:role/made-up" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-west-2:444455556666:log-group:made-up" }
}

mock_resource "aws_vpc_endpoint" {
  defaults = {
    id        = "vpce-0123456789abcdef0"
    dns_entry = [{ dns_name = "vpce-0123456789abcdef0-abcdefgh.vpce-svc-0123456789abcdef0.eu-west-2.vpce.amazonaws.com", hosted_zone_id = "Z7K1066E3PUKB" }]
  }
}
