"""`leadline schema`: what an editor is given."""

from __future__ import annotations

from leadline.rules.schema import rule_language_schema
from tests.cli.conftest import Leadline


def test_the_schema_is_printed(leadline: Leadline) -> None:
    """Its standard output is the schema and nothing else."""
    said = leadline("schema")
    assert (said.code, said.err) == (0, "")
    assert said.json == rule_language_schema()
    assert leadline("schema", "--part").json == rule_language_schema(part=True)
