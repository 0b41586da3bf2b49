# Two keys: one for what must stay secret, which no AWS service uses on its own; one for what AWS services
# write for us. Each key policy leaves the rest to IAM, as AWS's default does.

data "aws_iam_policy_document" "data_key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"] # in a key policy, this key

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }
}

resource "aws_kms_key" "data" {
  description         = "${var.name}: database, its secrets, images"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.data_key.json
}

resource "aws_kms_alias" "data" {
  name          = "alias/${var.name}-data"
  target_key_id = aws_kms_key.data.key_id
}

data "aws_iam_policy_document" "telemetry_key" {
  source_policy_documents = [data.aws_iam_policy_document.data_key.json]

  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values   = ["arn:${local.partition}:logs:${var.region}:${local.account}:log-group:*"]
    }
  }

  statement {
    sid       = "Notifications"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com", "vpce.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  # As for the topic's policy, EventBridge takes no condition.
  statement {
    sid       = "Events"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_kms_key" "telemetry" {
  description         = "${var.name}: logs and notifications"
  enable_key_rotation = true
  policy              = data.aws_iam_policy_document.telemetry_key.json
}

resource "aws_kms_alias" "telemetry" {
  name          = "alias/${var.name}-telemetry"
  target_key_id = aws_kms_key.telemetry.key_id
}
