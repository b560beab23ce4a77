"""Objects that are there put under another encryption, in place or copied over themselves."""
