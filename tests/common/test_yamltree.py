"""YAML with places: what is read, what is refused, and that nothing but BookError ever comes out."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common import yamltree
from leadline.common.errors import BookError
from leadline.common.yamltree import MAX_BYTES, MappingNode, locate, parse, scalars, to_plain

WATERFALL = (Path(__file__).parents[2] / "examples" / "waterfall" / "rules.yml").read_bytes()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"), ("no", "no"), ("yes", "yes"), ("on", "on"), ("Off", "Off"), ("y", "y"),
        ("1:30", "1:30"), ("2024-01-01", "2024-01-01"), ("1_000", "1_000"), ("0b1", "0b1"), ("=", "="),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("5", 5), ("-5", -5), ("+5", 5), ("007", 7), ("0o17", 15), ("0x1F", 31),
        ("0.1", Decimal("0.1")), (".5", Decimal("0.5")), ("5.", Decimal(5)), ("1e3", Decimal(1000)),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        (".inf", ".inf"), (".nan", ".nan"), ("-", None), ("1e", "1e"), ("--1", "--1"),
        ("'5'", "5"), ('"true"', "true"), ("''", ""), ("!", None),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema_exactly(text: str, value: Any) -> None:
    """Words and times stay text, numbers are exact, quotes make text."""
    if text in {"-", "!"}:
        with pytest.raises(BookError):
            to_plain(parse("a.yml", f"a: {text} x: y: z".encode()))
        return
    read = to_plain(parse("a.yml", f"a: {text}".encode()))["a"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("data", "place", "code", "part"),
    [
        (
            b"a: 1\nb: 2\na: 3\n",
            "3:1",
            "yaml-duplicate",
            "`a` stands twice in one mapping, first at line 1, column 1",
        ),
        (b"x: {a: 1, 'a': 2}", "1:11", "yaml-duplicate", "first at line 1, column 5"),
        (b"a: &x 1\nb: 2", "1:4", "yaml-alias", "write the value out"),
        (b"a: 1\nb: *x", "2:4", "yaml-alias", "write the value out"),
        (b"a: !!python/object:os.system x", "1:4", "yaml-tag", "tags (!)"),
        (b"a: 1\n---\nb: 2\n", "2:1", "yaml-documents", "a second YAML document"),
        (b"", "1:1", "yaml-empty", "the file is empty"),
        (b"# only this\n", "1:1", "yaml-empty", "the file is empty"),
        (b"a: 1\nb: \xff\n", "2:4", "not-utf8", "save the file as UTF-8"),
        ("a: ü\nb: ü\0".encode(), "2:5", "control-character", "a NUL character"),
        (b"a: \x07", "1:4", "control-character", "U+0007"),
        ("a: 1".encode("utf-16"), "1:1", "not-utf8", "UTF-8"),
        (b"a: 1\n\tb: 2\n", "2:1", "yaml-syntax", "indent with spaces"),
        (b"a: @x", "1:4", "yaml-syntax", "quote"),
        (b'a: 1\nb: "x\nc: 2\n', "2:4", "yaml-syntax", "a quote is not closed"),
        (b"a: 1\nb: [1, 2\nc: 3\n", "2:4", "yaml-syntax", "a bracket or brace is not closed"),
        (b"a: 1\n  b: 2\n", "2:4", "yaml-syntax", "a second `: ` on this line"),
        (b"a:\n  b: 1\n c: 2\n", "3:2", "yaml-syntax", "does not line up"),
        (b"? [1]\n: 2\n", "1:3", "yaml-key", "cannot be a key"),
        (b"{a: 1, '': 2}", "1:8", "yaml-key", "cannot be a key"),
        (b"a: " + b"9" * 31, "1:4", "yaml-number", "more than 30 digits"),
        (b"a: 1e99", "1:4", "yaml-number", "more than 30 digits"),
        (b"a: 1e999999999", "1:4", "yaml-number", "more than 30 digits"),
        (b"[" * 100_000, "1:41", "yaml-depth", "nested deeper than 40"),
        (b"- " * 100_000, "1:81", "yaml-depth", "nested deeper than 40"),
        (b"{a: " * 100_000, "1:161", "yaml-depth", "nested deeper than 40"),
    ],
)
def test_what_lies_is_refused_with_its_place(data: bytes, place: str, code: str, part: str) -> None:
    """One problem with line, column, code and what to do."""
    with pytest.raises(BookError) as caught:
        parse("dir/a.yml", data)
    (problem,) = caught.value.problems
    assert (f"{problem.line}:{problem.column}", problem.code, problem.file) == (place, code, "dir/a.yml")
    assert part in str(problem)


def test_a_large_file_is_refused_before_parsing() -> None:
    """More than the stated size is one problem without a place."""
    with pytest.raises(BookError, match=r"a\.yml: the file has 2,000,001 bytes; at most 2,000,000 are read"):
        parse("a.yml", b"#" * (MAX_BYTES + 1))


def test_too_many_values_are_refused() -> None:
    """A file of small size and very many values does not fill the memory."""
    with pytest.raises(BookError, match="more than 250,000 values"):
        parse("a.yml", b"[" + b"1," * 300_000 + b"]")


def test_billion_laughs_do_not_explode() -> None:
    """Nested aliases end at the first anchor."""
    laughs = b"a: &a [x,x]\n" + b"".join(b"%c: &%c [*%c,*%c]\n" % (n, n, n - 1, n - 1) for n in range(98, 122))
    with pytest.raises(BookError, match=r"a\.yml:1:4: anchors"):
        parse("a.yml", laughs)


def test_all_duplicates_come_at_once() -> None:
    """Several duplicate keys are several problems."""
    with pytest.raises(BookError) as caught:
        parse("a.yml", b"a: {b: 1, b: 2}\na: 3\n")
    assert [problem.line for problem in caught.value.problems] == [1, 2]


def test_marks_count_characters_from_one() -> None:
    """Places count characters, not bytes, also after a byte order mark."""
    tree = parse("a.yml", "\ufeffü: {ß: [1, x]}\nb: |\n  text\n".encode())
    assert isinstance(tree, MappingNode)
    assert (tree.entries[0].key.mark.line, tree.entries[0].key.mark.column) == (1, 1)
    assert (locate(tree, ["ü", "ß"]).column, locate(tree, ["ü", "ß", 1]).column) == (5, 12)
    assert locate(tree, ["ü", "none", 3]) == tree.entries[0].key.mark
    assert locate(tree, ["ü", "ß", 9]) == locate(tree, ["ü", "ß"])
    assert [scalar.text for scalar in scalars(tree)] == ["1", "x", "text\n"]


def test_a_broken_file_without_the_c_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML without libyaml reads the same and refuses the same."""
    monkeypatch.setattr(yamltree, "_LOADER", yaml.SafeLoader)
    assert to_plain(parse("a.yml", b"a: [NO, 1.5, {b: 2024-01-01}]")) == {
        "a": ["NO", Decimal("1.5"), {"b": "2024-01-01"}]
    }
    for data in (b"a: [1", b"a: &x 1", b'a: "\\UFFFFFFFF"', b"[" * 5000, b"a: b: c", b"\t- a", b"a: 1\na: 2"):
        with pytest.raises(BookError):
            parse("a.yml", data)


def parses_or_refuses(data: bytes) -> None:
    """Read ``data``; everything but a tree and a BookError fails the test."""
    try:
        tree = parse("a.yml", data)
    except BookError as error:
        assert error.problems
        assert all(problem.message and problem.line >= 0 for problem in error.problems)
    else:
        to_plain(tree)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_never_crash(data: bytes) -> None:
    """Whatever bytes come, the outcome is a tree or a BookError."""
    parses_or_refuses(data)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab: -[]{}&*!|>'\"%@`#?,\n\t\r0.1e~<=\\\x85\u2028ü", max_size=120))
def test_random_yaml_like_text_never_crashes(text: str) -> None:
    """Text made of YAML's own signs gives a tree or a BookError, and plain YAML the same values as PyYAML."""
    parses_or_refuses(text.encode())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_mutated_book_never_crashes(data: st.DataObject) -> None:
    """Cutting, doubling and overwriting parts of a real book gives a tree or a BookError."""
    begin = data.draw(st.integers(0, len(WATERFALL) - 1))
    end = data.draw(st.integers(begin, min(begin + 200, len(WATERFALL))))
    middle = data.draw(st.one_of(st.just(b""), st.binary(max_size=20), st.just(WATERFALL[begin:end] * 2)))
    parses_or_refuses(WATERFALL[:begin] + middle + WATERFALL[end:])


words = st.text(st.characters(max_codepoint=0xD7FF), max_size=6)
plain_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(10**20), 10**20), words),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words.filter(bool), inner, max_size=4)),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(plain_values)
def test_json_reads_as_the_yaml_it_is(value: Any) -> None:
    """Every JSON text is YAML with the same values."""
    assert to_plain(parse("a.yml", json.dumps({"v": value}).encode())) == {"v": value}
