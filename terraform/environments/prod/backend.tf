# The bucket is made once for each account, before the first apply (README). S3 holds the lock, too.
terraform {
  backend "s3" {
    bucket       = "mlops-prod-terraform-state"
    key          = "prod/terraform.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}
