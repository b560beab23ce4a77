"""The server's side of the embedded endpoint; imported only in the server's own process."""
