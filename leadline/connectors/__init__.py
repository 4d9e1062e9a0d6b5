"""Connectors: what changes when a vendor changes. They know CRMs, never stages or scores."""
