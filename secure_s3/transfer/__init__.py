"""Bytes in, bytes out: uploads, downloads, copies, file objects and batches."""
