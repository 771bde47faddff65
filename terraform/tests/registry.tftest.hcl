# Written by npm run generate from modules/registry/tests.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  key_arn = "arn:aws:kms:us-east-1:123456789012:key/artifacts"
  tags = {
    Environment = "prod"
    ManagedBy   = "terraform"
    Project     = "mlops-platform"
    CostCenter  = "engineering"
  }
}

run "keeps_images_as_they_were" {
  module {
    source = "./modules/registry"
  }

  assert {
    condition     = join(" ", keys(aws_ecr_repository.this)) == "mlops/flink mlops/inference mlops/platform-api" && alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && one(repository.image_scanning_configuration).scan_on_push])
    error_message = "A tag means one image for ever, and each is scanned."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : one(repository.encryption_configuration).encryption_type == "KMS" && one(repository.encryption_configuration).kms_key == var.key_arn && !repository.force_delete])
    error_message = "Images are encrypted by a key of ours, and not deleted by the way."
  }

  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.this : one(jsondecode(policy.policy).rules).selection.tagStatus == "untagged"])
    error_message = "Only what no tag names is deleted."
  }
}

run "refuses_bad_tags" {
  module {
    source = "./modules/registry"
  }

  command = plan

  variables {
    tags = { Environment = "test", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = "engineering" }
  }

  expect_failures = [var.tags]
}

run "refuses_an_empty_tag" {
  module {
    source = "./modules/registry"
  }

  command = plan

  variables {
    tags = { Environment = "prod", ManagedBy = "terraform", Project = "mlops-platform", CostCenter = " " }
  }

  expect_failures = [var.tags]
}

run "refuses_bad_values" {
  module {
    source = "./modules/registry"
  }

  command = plan

  variables {
    images        = ["Platform API"]
    key_arn       = "key"
    untagged_days = 0
    force_delete  = true
  }

  expect_failures = [var.images, var.key_arn, var.untagged_days, var.force_delete]
}
