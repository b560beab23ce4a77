"""Access points of a bucket: made, listed, and given policies."""
