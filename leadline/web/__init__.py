"""Endpoints that CRMs call: what they tell is a hint that something changed, never a fact."""
