"""Benchmarks: each runs both sides in one run and prints the ratio; no test asserts a time."""
