"""The JSON Schema of the rule language, held to the reader: what one takes the other takes, as far as it can see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from leadline.common.yamltree import Node, locate, parse, to_plain
from leadline.rules.reading import paths, scores
from leadline.rules.reading.conditions import WORDS, Word
from leadline.rules.schema import rule_language_schema
from tests.rules.reading.reading_kit import cases, sources

EXAMPLES = Path(__file__).parents[3] / "examples"
SCHEMA = rule_language_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

ONLY_THE_READER_SEES = {
    # These break no shape: they name what is not there, or what does not fit together.
    "bad-conditions: no grid, no temperature",
    "bad-lifecycle: the start off the main path",
    "bad-scores: temperatures",
    "bad-scores: a grid of one score",
    "bad-slas: whose calendar and who owns",
    "bad-slas: one value in two calendars",
}
BAD = cases("bad")
GOOD = [
    (f"{name} {number}", case, book)
    for name, case in cases("good")
    for number, book in enumerate([case["book"], *case.get("like", ()), *case.get("unlike", ())])  # type: ignore[misc]
]


def tree(case: dict[str, Any], book: str) -> Node:
    """Return the parsed root file of a case."""
    return parse("rules.yml", sources(book, None, tuple(case.get("without", ())))["rules.yml"])


def test_the_schema_is_one() -> None:
    """It is a valid schema of its dialect, and every definition that it refers to is there."""
    Draft202012Validator.check_schema(SCHEMA)
    text = str(SCHEMA)
    assert SCHEMA["$defs"].keys() == {name for name in SCHEMA["$defs"] if f"#/$defs/{name}'" in text}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/rules.yml")), ids=lambda path: path.parent.name)
def test_the_examples_fit(path: Path) -> None:
    """No editor marks anything in the books that Leadline ships."""
    errors = VALIDATOR.iter_errors(to_plain(parse(path.name, path.read_bytes())))
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize(("case", "book"), [item[1:] for item in GOOD], ids=[item[0] for item in GOOD])
def test_every_spelling_fits(case: dict[str, Any], book: str) -> None:
    """Whatever the reader takes, the schema takes."""
    errors = VALIDATOR.iter_errors(to_plain(tree(case, book)))
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


@pytest.mark.parametrize(("name", "case"), BAD, ids=[name for name, _ in BAD])
def test_broken_books_are_rejected(name: str, case: dict[str, Any]) -> None:
    """Every broken case that a schema can see is rejected."""
    valid = VALIDATOR.is_valid(to_plain(tree(case, case["book"])))
    assert valid is (name in ONLY_THE_READER_SEES)


def test_most_problems_are_marked_in_their_own_line() -> None:
    """An editor underlines two problems of three where `check` places them; names it cannot know."""
    marked = unmarked = 0
    for _, case in BAD:
        node = tree(case, str(case["book"]))
        lines = {locate(node, list(error.absolute_path)).line for error in VALIDATOR.iter_errors(to_plain(node))}
        found = [(place, code) for place, code, *_ in case["problems"] if ".csv" not in place]  # type: ignore[attr-defined]
        places = [int(place.split(":")[0]) for place, code in found if code != "unknown-name"]
        marked += sum(place in lines for place in places)
        unmarked += sum(place not in lines for place in places)
    assert marked > 2 * unmarked, (marked, unmarked)


def test_a_part_needs_no_section() -> None:
    """A file that a book includes may hold one section; it fits its own schema and not the root's."""
    part = {"include": ["parts/more.yml"], "grid": {"rows": "fit", "columns": "interest"}}
    assert Draft202012Validator(rule_language_schema(part=True)).is_valid(part)
    assert not VALIDATOR.is_valid(part)
    assert not Draft202012Validator(rule_language_schema(part=True)).is_valid({"gird": {}})


def test_a_key_without_a_shape_cannot_be_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key or word that the reader learns, and the schema does not, makes no schema at all."""
    for module, name in ((scores, "SCORE_KEYS"), (paths, "KEYS")):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, (*getattr(module, name), "weights"))
            with pytest.raises(ValueError, match="weights"):
                rule_language_schema()
    monkeypatch.setitem(WORDS, "moon", Word(WORDS["all"].parse))
    with pytest.raises(KeyError, match="moon"):
        rule_language_schema()
