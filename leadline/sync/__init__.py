"""Sync: one cycle from pull to verified write, and the state it keeps."""
