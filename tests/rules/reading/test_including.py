"""Several files in one book: each part with its own places, nothing twice, no way out of the directory."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadline.common.bookfiles import MAX_PARTS, read_sources
from leadline.common.errors import BookError
from leadline.rules.check import check_book
from leadline.rules.diffing import differences
from leadline.rules.reading import read_book

WATERFALL = Path(__file__).parents[3] / "examples" / "waterfall"
FILES = read_sources(WATERFALL)
TEXT = FILES["rules.yml"].decode()
BOOK = read_book(FILES)


def sections() -> dict[str, str]:
    """Return the waterfall's text by section."""
    starts = [*re.finditer(r"^(\w+):", TEXT, re.MULTILINE)]
    ends = [found.start() for found in starts[1:]] + [len(TEXT)]
    return {found[1]: TEXT[found.start() : end] for found, end in zip(starts, ends, strict=True)}


def lay(folder: Path, files: dict[str, str]) -> Path:
    """Write a book with the waterfall's lists and these files."""
    for name, text in {**{key: data.decode() for key, data in FILES.items() if "/" in key}, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    """Return what reading the book in a folder says."""
    with pytest.raises(BookError) as caught:
        read_book(read_sources(folder))
    return [str(problem) for problem in caught.value.problems]


def split(*names: str) -> dict[str, str]:
    """Return the waterfall with each of these sections in a file of its own."""
    parts = sections()
    root = "".join(text for name, text in parts.items() if name not in names)
    includes = "".join(f"  - parts/{name}.yml\n" for name in names)
    return {"rules.yml": f"{root}\ninclude:\n{includes}", **{f"parts/{name}.yml": parts[name] for name in names}}


def test_a_split_book_is_the_same_book(tmp_path: Path) -> None:
    """The hash does not depend on the split, nor does any meaning; each place names its own file."""
    book = read_book(read_sources(lay(tmp_path, split("fields", "scores", "stages", "paths", "write", "guards"))))
    assert book.hash == BOOK.hash
    assert differences(BOOK, book) == ()
    assert check_book(book) == []
    assert (book.stages["mql"].mark.file, book.fields["email"].mark.file) == ("parts/stages.yml", "parts/fields.yml")
    assert (book.stages["mql"].mark.line, book.stages["mql"].mark.column) == (6, 3)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=len(sections()), max_size=len(sections())))
def test_no_split_changes_a_book(places: list[int]) -> None:
    """Whichever section stands in whichever of four files, in a chain of includes, the book is the same."""
    texts = ["" for _ in range(4)]
    for (name, text), place in zip(sections().items(), places, strict=True):
        texts[0 if name in {"leadline", "name"} else place] += text
    files = {f"part{number}.yml": text for number, text in enumerate(texts) if text or number == 0}
    names = [*files]
    for name, following in pairwise(names):
        files[name] += f"\ninclude: {following}\n"
    lists = {name: data for name, data in FILES.items() if "/" in name}
    book = read_book({**{name: text.encode() for name, text in files.items()}, **lists})
    assert book.hash == BOOK.hash


def test_sections_of_names_are_joined(tmp_path: Path) -> None:
    """Fields, scores, stages, targets and paths may stand in several files; paths keep the order of the files."""
    parts = sections()
    scores = parts["scores"]
    interest = scores[scores.index("  interest:") :]
    lines = parts["paths"].splitlines()
    files = {
        "rules.yml": TEXT.replace(scores, scores.replace(interest, "")).replace(
            "\n".join(lines[3:8]), "\n".join(lines[3:4])
        )
        + "\ninclude: parts/more.yml\n",
        "parts/more.yml": "leadline: 1\nscores:\n" + interest + "\npaths:\n" + "\n".join(lines[4:8]) + "\n",
    }
    book = read_book(read_sources(lay(tmp_path, files)))
    assert book.hash == BOOK.hash
    assert book.scores["interest"].mark.file == "parts/more.yml"


def test_includes_may_include(tmp_path: Path) -> None:
    """Names are relative to the book's directory wherever they stand."""
    files = split("scores", "grid")
    files["rules.yml"] = files["rules.yml"].replace("  - parts/grid.yml\n", "")
    files["parts/scores.yml"] += "\ninclude: [parts/grid.yml]\n"
    assert read_book(read_sources(lay(tmp_path, files))).hash == BOOK.hash


def test_problems_name_the_file_they_stand_in(tmp_path: Path) -> None:
    """Mistakes of several files come at once, each with its own place, broken YAML too."""
    files = split("scores", "stages", "guards")
    files["parts/stages.yml"] = files["parts/stages.yml"].replace("kind: sla", "kind: slow")
    files["parts/scores.yml"] = files["parts/scores.yml"].replace("points: 10, each", "points: ten, each")
    files["parts/guards.yml"] = "guards: {most: [\n"
    told = problems(lay(tmp_path, files))
    assert [line.split(":")[0] for line in told] == ["parts/guards.yml", "parts/scores.yml", "parts/stages.yml"]
    assert "parts/stages.yml:7:11: kinds of stages: there is no `slow`" in told[2]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("name: Other\n", "`name` is defined twice, first at rules.yml:12:1"),
        ("leadline: 2\n", "`leadline` is defined twice, first at rules.yml:11:1"),
        ("guards: {backward: 5}\n", "`guards` is defined twice, first at rules.yml:"),
        ("scores:\n  fit: {criteria: {}}\n", "parts/x.yml:2:3: `fit` is defined twice, first at rules.yml:113:3"),
        ("write:\n  hubspot: {grade: g}\n", "parts/x.yml:2:3: `hubspot` is defined twice, first at rules.yml:"),
        ("paths: [inquiry -> mql]\n", "a second main path; the first is at line 196 of rules.yml"),
        ("fields: [a]\n", "`fields` is a mapping"),
        ("colour: red\n", "parts/x.yml:1:1: a rule book has no key `colour`"),
        ("include: rules.yml\n", "these files include each other: rules.yml -> parts/x.yml -> rules.yml"),
        ("include: parts/x.yml\n", "these files include each other: rules.yml -> parts/x.yml -> parts/x.yml"),
        ("include: parts/none.yml\n", "there is no file `parts/none.yml` in the book's directory"),
        ("include: [[a]]\n", "an included file is a text, but this is a list"),
        ("- a list\n", "a rule book is a mapping"),
    ],
)
def test_what_does_not_fit_together_is_told_with_both_places(part: str, said: str, tmp_path: Path) -> None:
    """A definition in two files names both; circles, missing files and wrong kinds are placed."""
    told = problems(lay(tmp_path, {"rules.yml": TEXT + "\ninclude: parts/x.yml\n", "parts/x.yml": part}))
    assert any(said in line for line in told), told


@pytest.mark.parametrize(
    "name",
    ["../out.yml", "/etc/passwd", "/etc/hosts.yml", "parts/../../out.yml", "./a.yml", "a//b.yml", "C:/a.yml",
     "a\\\\b.yml", "~/a.yml", "parts/a.txt", ".yml", "tests/a.yml", "lists/a.yml", "leadline.yml", " a.yml", "http://x.example/a.yml"],
)  # fmt: skip
def test_no_include_leads_out_of_the_book(name: str, tmp_path: Path) -> None:
    """Only plain names of YAML files inside the book's directory are followed; nothing else is even opened."""
    (tmp_path / "out.yml").write_text("name: Out\n", encoding="utf-8")
    told = problems(lay(tmp_path / "book", {"rules.yml": f'{TEXT}\ninclude: ["{name}"]\n'}))
    assert len(told) == 1
    assert re.match(r"rules\.yml:\d+:11: ", told[0])


def test_a_link_out_of_the_book_is_refused(tmp_path: Path) -> None:
    """A symbolic link is followed only inside the directory."""
    (tmp_path / "out.yml").write_text("guards: {most: 5}\n", encoding="utf-8")
    book = lay(tmp_path / "book", {"rules.yml": TEXT + "\ninclude: out.yml\n"})
    (book / "out.yml").symlink_to(tmp_path / "out.yml")
    with pytest.raises(BookError, match=r"`out\.yml` leads outside the book's directory"):
        read_sources(book)


def test_the_same_file_twice(tmp_path: Path) -> None:
    """A part that two files include is named with where it was included first."""
    files = split("scores", "grid")
    files["parts/scores.yml"] += "\ninclude: parts/grid.yml\n"
    told = problems(lay(tmp_path, files))
    assert any("`parts/grid.yml` is included already, at parts/scores.yml:" in line for line in told)


def test_there_is_a_limit(tmp_path: Path) -> None:
    """A book of hundreds of files is not read."""
    names = [f"p{number}.yml" for number in range(MAX_PARTS + 1)]
    book = lay(tmp_path, {"rules.yml": f"include: [{', '.join(names)}]\n", **dict.fromkeys(names, "machines: x\n")})
    with pytest.raises(BookError, match=f"more than {MAX_PARTS} files in one book"):
        read_sources(book)


def test_the_root_is_the_one_that_nobody_includes() -> None:
    """Without rules.yml, the file that includes the others is the book, whatever the order of the files."""
    parts = sections()
    root = "".join(text for name, text in parts.items() if name != "guards") + "\ninclude: guards.yml\n"
    lists = {name: data for name, data in FILES.items() if "/" in name}
    book = read_book({"guards.yml": parts["guards"].encode(), "acme.yml": root.encode(), **lists})
    assert (book.hash, book.stages["mql"].mark.file) == (BOOK.hash, "acme.yml")


def test_a_book_named_by_its_file_includes_too(tmp_path: Path) -> None:
    """`check acme.yml` reads what acme.yml includes and no other file beside it."""
    files = split("guards")
    files["acme.yml"] = files.pop("rules.yml")
    lay(tmp_path, {**files, "stray.yml": "name: stray\n"})
    found = read_sources(tmp_path / "acme.yml")
    assert "stray.yml" not in found
    assert read_book(found).hash == BOOK.hash
