# Hooklane in Terraform. `install.sh --upload-only` brought the release into the bucket.

variable "region" {
  type        = string
  description = "The region of the bucket, and of the provider."
}

variable "bucket" {
  type        = string
  description = "The bucket that holds the release."
}

variable "release" {
  type        = string
  description = "The version, as the release's file VERSION has it. Another one is an upgrade, or a rollback."
}

variable "parameters" {
  type        = map(string)
  default     = {}
  description = "Parameters of docs/parameters.md. What is not named has its default."
}

resource "aws_cloudformation_stack" "hooklane" {
  name         = "hooklane"
  capabilities = ["CAPABILITY_IAM"]
  template_url = "https://s3.${var.region}.amazonaws.com/${var.bucket}/hooklane/${var.release}/template.json"
  parameters = merge(var.parameters, {
    ArtifactBucket = var.bucket
    ArtifactPrefix = "hooklane/${var.release}"
  })

  # With FixedEgress nat, Lambda removes its network interfaces late.
  timeouts {
    delete = "60m"
  }
  # It holds the tables and secrets of your webhooks.
  lifecycle {
    prevent_destroy = true
  }
}

output "api_url" {
  value = aws_cloudformation_stack.hooklane.outputs["ApiUrl"]
}

output "event_queue_arn" {
  value = aws_cloudformation_stack.hooklane.outputs["EventQueueArn"]
}
