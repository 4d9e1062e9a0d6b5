"""The rule language as a JSON Schema, for editors that complete and mark a rule book while it is written."""

from leadline.rules.schema.language import rule_language_schema

__all__ = ["rule_language_schema"]
