"""Reading a rule book's files from disk, within stated sizes: the only place where a book touches a disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from leadline.common.errors import BookError, Problem
from leadline.common.includes import INCLUDE, included, refusal
from leadline.common.yamltree import MAX_BYTES, parse

ROOT: Final = "rules.yml"
CONFIGURATION: Final = "leadline.yml"
MAX_LIST_BYTES: Final = 10_000_000
"""The largest list file read: some 400,000 domains."""
MAX_LISTS: Final = 200
MAX_PARTS: Final = 200
"""The most files that make one book, lists apart."""
MAX_TESTS: Final = 500
"""The most files of tests beside one book."""


def read_sources(path: Path | str) -> dict[str, bytes]:
    """Return a rule book's files by name relative to its directory: the root, what it includes, and ``lists/``.

    ``path`` is the directory, or the root file itself. The root is ``rules.yml`` or else the only ``*.yml`` (or
    ``*.yaml``) beside ``leadline.yml``. Sizes are checked before reading. Raises BookError with every problem.
    """
    path = Path(path)
    problems: list[Problem] = []
    try:
        directory, roots = _roots(path)
        lists = _folder(directory / "lists", {".txt", ".csv"}, MAX_LISTS, problems)
    except OSError as error:
        raise BookError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror}", code="unreadable")]) from None
    sources = _read_all(directory, [(root, MAX_BYTES) for root in roots], problems)
    _follow(directory, sources, problems)
    sources |= _read_all(directory, [(item, MAX_LIST_BYTES) for item in lists], problems)
    if problems:
        raise BookError(problems)
    return sources


def read_tests(path: Path | str) -> dict[str, bytes]:
    """Return a rule book's tests, ``tests/*.yml``, by name relative to its directory; they are no part of the book.

    ``path`` as in ``read_sources``. Raises BookError with every problem.
    """
    path = Path(path)
    problems: list[Problem] = []
    directory = path.parent if path.is_file() else path
    try:
        files = _folder(directory / "tests", {".yml", ".yaml"}, MAX_TESTS, problems)
    except OSError as error:
        raise BookError([Problem("tests", 0, 0, f"cannot be read: {error.strerror}", code="unreadable")]) from None
    sources = _read_all(directory, [(item, MAX_BYTES) for item in files], problems)
    if problems:
        raise BookError(problems)
    return sources


def read_bounded(path: Path, limit: int) -> bytes | None:
    """Return a regular file's bytes, None when it has more than ``limit``; a huge file is never read.

    Raises OSError as the system gives it, also for what is not a regular file (a pipe would never end).
    """
    if not path.is_file():
        raise FileNotFoundError(2, "no such regular file")
    if path.stat().st_size > limit:
        return None
    with path.open("rb") as file:
        data = file.read(limit + 1)
    return data if len(data) <= limit else None


def _read_all(directory: Path, wanted: Sequence[tuple[Path, int]], problems: list[Problem]) -> dict[str, bytes]:
    sources: dict[str, bytes] = {}
    for item, limit in wanted:
        name = item.relative_to(directory).as_posix()
        try:
            data = read_bounded(item, limit)
        except OSError as error:
            problems.append(Problem(name, 0, 0, f"cannot be read: {error.strerror}", code="unreadable"))
            continue
        if data is None:
            message = f"the file is larger than {limit:,} bytes, which is the most that is read"
            problems.append(Problem(name, 0, 0, message, "split it, or keep only what rules need", "too-large"))
        else:
            sources[name] = data
    return sources


def _roots(path: Path) -> tuple[Path, list[Path]]:
    if path.is_file():
        return path.parent, [path]
    if not path.is_dir():
        raise BookError(
            [Problem(str(path), 0, 0, "no such rule book", "give the directory that holds rules.yml", "no-book")]
        )
    if (path / ROOT).is_file():
        return path, [path / ROOT]
    others = [
        item for item in sorted(path.iterdir()) if item.suffix in {".yml", ".yaml"} and item.name != CONFIGURATION
    ]
    if len(others) == 1:
        return path, others
    found = "no rules.yml here" if not others else "several YAML files here, and none is called rules.yml"
    raise BookError([Problem(str(path), 0, 0, found, "name the rule book rules.yml", "no-book")])


def _follow(directory: Path, sources: dict[str, bytes], problems: list[Problem]) -> None:
    """Add the files that ``include:`` names, and what they include; of one that is not there the reader tells."""
    waiting = list(sources)
    while waiting:
        name = waiting.pop(0)
        try:
            inner = included(parse(name, sources[name])) if INCLUDE.encode() in sources[name] else ()
        except BookError:
            continue  # told with its place by whoever reads the book
        fresh = [item for item in inner if refusal(item.text) is None and item.text not in sources]
        for item in fresh:
            file = directory / item.text
            if not file.resolve().is_relative_to(directory.resolve()):
                message = f"`{item.text}` leads outside the book's directory"
                mark = item.mark
                problems.append(Problem(mark.file, mark.line, mark.column, message, "copy the file here", "include"))
            elif len(sources) >= MAX_PARTS:
                raise BookError([Problem(name, 0, 0, f"more than {MAX_PARTS} files in one book", code="too-large")])
            elif file.is_file():
                found = _read_all(directory, [(file, MAX_BYTES)], problems)
                sources |= found
                waiting += found


def _folder(folder: Path, endings: set[str], most: int, problems: list[Problem]) -> list[Path]:
    if not folder.is_dir():
        return []
    found = [item for item in sorted(folder.iterdir()) if item.suffix in endings and item.is_file()]
    if len(found) > most:
        message = f"{len(found):,} files in {folder.name}/; at most {most} are read"
        problems.append(Problem(folder.name, 0, 0, message, "keep only those that rules need", "too-large"))
        return []
    return found
