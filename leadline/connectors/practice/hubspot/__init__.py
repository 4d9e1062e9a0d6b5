"""A practice HubSpot."""
