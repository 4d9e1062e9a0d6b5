"""Whatever stands in a rule book, reading and checking it ends with a book or with placed problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.bookfiles import read_sources
from leadline.common.errors import BookError
from leadline.common.yamltree import parse, to_plain
from leadline.rules.check import check_book
from leadline.rules.reading import read_book
from leadline.rules.reading.conditions import WORDS

FILES = read_sources(Path(__file__).parents[3] / "examples" / "waterfall")
PLAIN = to_plain(parse("rules.yml", FILES["rules.yml"]))

NAMES = [
    "email",
    "fit",
    "mql",
    "demo_request",
    "A1",
    "lists/competitors.txt",
    "lists/none.txt",
    "30d",
    "6 months",
    "50%",
    *WORDS,
]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**12), st.sampled_from(NAMES), st.text(max_size=5), st.just("a -> b")
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=4)), inner, max_size=3),
    ),
    max_leaves=8,
)


def plain(value: Any) -> Any:
    """Return a copy that JSON can write (exact decimals become their text)."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything below ``value``."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        found += places(item, (*path, key))
    return found


PLACES = places(PLAIN)


def change(tree: Any, path: tuple[Any, ...], kind: str, new: Any) -> None:
    """Replace, remove, rename or wrap what stands at ``path``, if it still does."""
    for step in path[:-1]:
        if not isinstance(tree, dict | list) or (isinstance(tree, dict) and step not in tree):
            return
        if isinstance(tree, list) and (not isinstance(step, int) or step >= len(tree)):
            return
        tree = tree[step]
    last = path[-1]
    if isinstance(tree, dict) and last in tree:
        if kind == "rename":
            tree[new if isinstance(new, str) else str(last)[:-1]] = tree.pop(last)
        elif kind == "remove":
            del tree[last]
        else:
            tree[last] = [tree[last], new] if kind == "wrap" else new
    elif isinstance(tree, list) and isinstance(last, int) and last < len(tree):
        tree[last] = new


changes = st.tuples(st.sampled_from(PLACES), st.sampled_from(["replace", "remove", "rename", "wrap"]), values)


@settings(max_examples=150, deadline=None)
@given(st.lists(changes, min_size=1, max_size=3))
def test_a_changed_book_reads_or_is_refused(edits: list[tuple[tuple[Any, ...], str, Any]]) -> None:
    """Any part may be missing, renamed or of another kind; problems name a file and say something."""
    tree = plain(PLAIN)
    for path, kind, new in edits:
        change(tree, path, kind, new)
    data = json.dumps(tree).replace("\\ud", "\\u0").encode()
    try:
        book = read_book({**FILES, "rules.yml": data})
    except BookError as error:
        assert all(problem.message and problem.file for problem in error.problems)
        assert all(problem.severity == "error" and problem.code for problem in error.problems)
    else:
        assert len(book.hash) == 64
        for problem in check_book(book):
            assert problem.message
            assert problem.file
