"""Reading a book's files from disk: names, sizes and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadline.common.bookfiles import read_bounded, read_sources
from leadline.common.errors import BookError


def test_a_directory_gives_its_root_and_lists(tmp_path: Path) -> None:
    """Names are relative to the directory; other files stay out."""
    (tmp_path / "rules.yml").write_bytes(b"leadline: 1\n")
    (tmp_path / "other.yml").write_bytes(b"x: 1\n")
    (tmp_path / "leadline.yml").write_bytes(b"rules: .\n")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "a.txt").write_bytes(b"a\n")
    (tmp_path / "lists" / "b.csv").write_bytes(b"k,v\n")
    (tmp_path / "lists" / "c.xlsx").write_bytes(b"PK")
    expected = {"rules.yml": b"leadline: 1\n", "lists/a.txt": b"a\n", "lists/b.csv": b"k,v\n"}
    assert read_sources(tmp_path) == expected
    assert read_sources(tmp_path / "rules.yml") == expected


def test_a_single_yaml_file_is_the_root(tmp_path: Path) -> None:
    """Without rules.yml, the only YAML file beside the configuration is the book."""
    (tmp_path / "acme.yaml").write_bytes(b"x: 1\n")
    (tmp_path / "leadline.yml").write_bytes(b"rules: .\n")
    assert read_sources(tmp_path) == {"acme.yaml": b"x: 1\n"}


@pytest.mark.parametrize(("names", "part"), [([], "no rules.yml here"), (["a.yml", "b.yml"], "several YAML files")])
def test_an_unclear_root_is_refused(tmp_path: Path, names: list[str], part: str) -> None:
    """No root or two possible ones is one clear problem."""
    for name in names:
        (tmp_path / name).write_bytes(b"x: 1\n")
    with pytest.raises(BookError, match=part):
        read_sources(tmp_path)


def test_a_missing_path_is_refused(tmp_path: Path) -> None:
    """A path that is not there says what to give."""
    with pytest.raises(BookError, match="no such rule book"):
        read_sources(tmp_path / "nowhere")


def test_huge_files_are_refused_by_size(tmp_path: Path) -> None:
    """100 MB of rules and of a list are refused at once, both in one error, without being read."""
    (tmp_path / "lists").mkdir()
    for name in ("rules.yml", "lists/a.txt"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(100_000_000)
    with pytest.raises(BookError) as caught:
        read_sources(tmp_path)
    assert [(problem.file, problem.code) for problem in caught.value.problems] == [
        ("lists/a.txt", "too-large"),
        ("rules.yml", "too-large"),
    ]


def test_too_many_lists_are_refused(tmp_path: Path) -> None:
    """A directory of hundreds of lists is not read."""
    (tmp_path / "rules.yml").write_bytes(b"x: 1\n")
    (tmp_path / "lists").mkdir()
    for number in range(201):
        (tmp_path / "lists" / f"{number}.txt").touch()
    with pytest.raises(BookError, match="201 files in lists/; at most 200 are read"):
        read_sources(tmp_path)


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    """What is no regular file would never end, so it is refused."""
    os.mkfifo(tmp_path / "rules.yml")
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "rules.yml", 10)
    with pytest.raises(BookError):
        read_sources(tmp_path)


def test_a_bound_is_inclusive(tmp_path: Path) -> None:
    """Exactly the limit is read, one byte more is not."""
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert (read_bounded(path, 5), read_bounded(path, 4)) == (b"12345", None)
