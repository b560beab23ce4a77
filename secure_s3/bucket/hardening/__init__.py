"""From a snapshot to a bucket as its profile asks: planned, shown, applied one change at a time."""
