"""The checks, one file per topic; ``catalogue`` next door gathers them."""
