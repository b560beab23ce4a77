"""Object Lock: retention, legal holds and default retention, on objects that are there."""
