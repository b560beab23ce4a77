"""What decides the security of a bucket and its account, read once: values, and how each is read."""
