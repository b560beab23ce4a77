"""KMS, IAM, STS and S3 Control: who may call them, and what moto would not say."""
