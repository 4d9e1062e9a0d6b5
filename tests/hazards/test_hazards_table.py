"""The table of hazards: all 25 are there, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "hazards.md"
HAZARDS = 25
ROW = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> dict[int, tuple[str, str, list[tuple[str, str]]]]:
    """Return hazard, what is done, and the tests, by number."""
    text = PAGE.read_text(encoding="utf-8")
    return {int(found[1]): (found[2], found[3], TEST.findall(found[4])) for found in ROW.finditer(text)}


def test_no_hazard_is_missing() -> None:
    """Each has its number once, something that Leadline does about it, and a test at least."""
    found = rows()
    assert list(found) == list(range(1, HAZARDS + 1))
    assert all(hazard and done and tests for hazard, done, tests in found.values())


@pytest.mark.parametrize("number", range(1, HAZARDS + 1))
def test_every_named_test_exists(number: int) -> None:
    """A test of this name stands in that file, and says in its docstring what it shows."""
    for path, name in rows()[number][2]:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert name in functions, f"{path} has no {name}"
        assert ast.get_docstring(functions[name])
