"""The encrypted-object format: AWS Encryption SDK messages, sealed and opened frame by frame; no boto3."""
