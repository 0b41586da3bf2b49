# Where the images are. A task names its image by digest, so that what runs is what was tested.

locals {
  images = {
    app = "${aws_ecr_repository.image["app"].repository_url}@${var.app_image_digest}"
    web = "${aws_ecr_repository.image["web"].repository_url}@${var.web_image_digest}"
  }
}

resource "aws_ecr_repository" "image" {
  for_each = toset(["app", "web"])

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.data.arn
  }
}

# Enough releases to go back to. A task that runs keeps no image from expiring, hence the many.
resource "aws_ecr_lifecycle_policy" "image" {
  for_each = aws_ecr_repository.image

  repository = each.value.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Untagged images are left-overs of a push"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "The last 50 releases"
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 50 }
        action       = { type = "expire" }
      },
    ]
  })
}
