"""Is the house in order? What a bucket allows, before something is sent."""
