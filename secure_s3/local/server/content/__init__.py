"""What S3 keeps and gives back: bodies, checksums, encryption, objects, uploads."""
