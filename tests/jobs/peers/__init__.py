"""Other auditors over the same buckets: where they agree, and who is right where they do not."""
