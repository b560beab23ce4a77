"""Who asks: signatures, credentials, users, roles and their sessions."""
