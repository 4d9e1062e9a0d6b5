"""Batch: a rule book over files of people and activities, with no CRM."""
