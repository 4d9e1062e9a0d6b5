"""Conflicts: somebody else changes values that we write; whose value stays, and who it was."""
