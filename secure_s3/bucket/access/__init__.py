"""May a call pass, and why did one not: what the caller may read, weighed against the request."""
