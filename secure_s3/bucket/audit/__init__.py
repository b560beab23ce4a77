"""Is a bucket as its profile asks: pure checks of a snapshot, and what they found."""
