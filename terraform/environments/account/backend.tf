# The bucket is made once for each account, before the first apply, and its name holds the account's number: `init` is told
# it (README). S3 holds the lock, too.
terraform {
  backend "s3" {
    key          = "account/terraform.tfstate"
    region       = "us-east-1"
    encrypt      = true
    use_lockfile = true
  }
}
