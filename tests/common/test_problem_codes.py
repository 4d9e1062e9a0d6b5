"""The codes of problems: each one that the program gives has a meaning, and each meaning has a use."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from leadline.common.problem_codes import CODES, meaning

ROOT = Path(__file__).parents[2] / "leadline"
PLACES = {"Problem": 5, "add": 3, "error": 1, "warning": 1, "_stop": 3, "_refuse": 4, "choice": 3, "choices": 3}
"""Functions that make a problem, and where among their arguments the code stands."""


def codes_in(path: Path) -> Iterator[str]:
    """Yield the codes written out in calls and defaults of one module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            named = [*node.args.posonlyargs, *node.args.args]
            pairs = zip(named[len(named) - len(node.args.defaults) :], node.args.defaults, strict=True)
            found: list[ast.expr] = [default for name, default in pairs if name.arg == "code"]
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = PLACES.get(name)
            found = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            found += [node.args[place]] if place is not None and len(node.args) > place else []
        else:
            continue
        for value in found:
            branches = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
            yield from (item.value for item in branches if isinstance(item, ast.Constant) and item.value)


def test_every_code_has_a_meaning_and_a_use() -> None:
    """The list of codes is exactly what reading and checking can give."""
    files = [*(ROOT / "rules").rglob("*.py"), *(ROOT / "common").rglob("*.py")]
    given = {code for path in files for code in codes_in(path)}
    assert given == set(CODES)


def test_an_unlisted_code_is_a_problem_of_the_book() -> None:
    """What another version of the program says is still explained."""
    assert meaning("from-the-future") == CODES["book"]
