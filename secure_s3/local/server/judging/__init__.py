"""Whether policies allow a request to S3, and what S3 says if they do not."""
