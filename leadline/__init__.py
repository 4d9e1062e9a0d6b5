"""Leadline: the lifecycle rules engine that sits beside an existing CRM."""

__version__ = "0.1.0"
