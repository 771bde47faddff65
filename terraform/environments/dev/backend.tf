# The bucket is made once for each account, before the first apply (README). S3 holds the lock, too.
terraform {
  backend "s3" {
    bucket       = "mlops-dev-terraform-state"
    key          = "dev/terraform.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}
