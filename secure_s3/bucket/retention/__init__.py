"""Object Lock: retention, legal holds and default retention, on objects that are there and on new ones."""

from .values import Protection, Retention

__all__ = ["Protection", "Retention"]
