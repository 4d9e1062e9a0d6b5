"""Reading rule tests: YAML files beside the book, each a list of tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from leadline.common.errors import BookError
from leadline.common.marks import Mark
from leadline.common.yamltree import Entry, MappingNode, Node, Scalar, parse
from leadline.rules.model import Book
from leadline.rules.reading.report import Report, short
from leadline.rules.state import Adopted
from leadline.rules.testing.expecting import Expecting
from leadline.rules.testing.happenings import Happenings
from leadline.rules.testing.instants import When, start_of, timed_entries, when
from leadline.rules.testing.model import Case

COLLEAGUE_KEYS: Final = ("adopted", "person", "history", "expect", "moves")
KEYS: Final = ("test", "start", *COLLEAGUE_KEYS, "colleagues")
ADOPTED_KEYS: Final = ("stage", "since", "pass")


def read_cases(book: Book, files: Mapping[str, bytes]) -> tuple[Case, ...]:
    """Return the tests of ``files`` (name -> bytes), in order of file name and line.

    Raises BookError with every problem of every file: unknown names with the nearest, each with its place.
    """
    report = Report()
    cases: list[Case] = []
    for name in sorted(files):
        try:
            tree = parse(name, files[name])
        except BookError as error:
            report.problems += error.problems
            continue
        cases += _cases(report, book, tree)
    seen: dict[str, Mark] = {}
    for case in cases:
        first = seen.setdefault(case.name, case.mark)
        if first is not case.mark:
            message = f"a second test of this name; the first is at {first.file}:{first.line}"
            report.add(case.mark, message, "say what is different", "twice")
    if report.problems:
        raise BookError(list(dict.fromkeys(report.problems)))
    return tuple(cases)


def _cases(report: Report, book: Book, tree: Node) -> Iterator[Case]:
    for item in report.items(tree):
        if not isinstance(item, MappingNode):
            report.wrong(item, "a file of tests is a list of them", "begin each with `- test: what it shows`")
            continue
        keys = report.keys(item, KEYS, "a test")
        name = report.required(keys or {}, "test", item.mark, "a test")
        text = report.text(name, "`test`") if name is not None else None
        if keys is not None:
            yield _case(report, book, text or "", item, keys)


def _case(report: Report, book: Book, name: str, node: MappingNode, keys: dict[str, Entry]) -> Case:
    others = _colleagues(report, keys["colleagues"].value) if "colleagues" in keys else {}
    everybody = [keys, *(own for own, _ in others.values())]
    if not any("expect" in own or "moves" in own for own in everybody):
        report.add(node.mark, f"the test `{short(name)}` expects nothing", "add `expect` or `moves`", "missing-key")
    timed = [entry.key for own in everybody for entry in _timed(own)]
    start = start_of(report, keys["start"].value if "start" in keys else None, timed, book.zone)
    colleagues = tuple(_person(report, book, who, mark, own, start) for who, (own, mark) in others.items())
    return replace(_person(report, book, name, node.mark, keys, start), colleagues=colleagues)


def _colleagues(report: Report, node: Node) -> dict[str, tuple[dict[str, Entry], Mark]]:
    """Return the keys of each further person of the account, by the name that the test gives them."""
    found: dict[str, tuple[dict[str, Entry], Mark]] = {}
    for entry in report.entries(node, "`colleagues`"):
        keys = report.keys(entry.value, COLLEAGUE_KEYS, f"the colleague `{short(entry.name)}`")
        if keys is not None:
            found[entry.name] = (keys, entry.key.mark)
    return found


def _timed(keys: Mapping[str, Entry]) -> Iterator[Entry]:
    """Yield everything with an instant; what is wrong with it is told where it is read."""
    quiet = Report()
    for key in ("history", "expect", "moves"):
        if key in keys:
            yield from timed_entries(quiet, keys[key].value, key)


def _person(report: Report, book: Book, name: str, mark: Mark, keys: Mapping[str, Entry], start: datetime) -> Case:
    history = timed_entries(report, keys["history"].value, "`history`") if "history" in keys else ()
    happenings = Happenings(report, book)
    adopted = _adopted(report, book, keys["adopted"].value, start) if "adopted" in keys else None
    moments = [(entry, at) for entry in history if (at := when(report, entry.key, start, book.zone)) is not None]
    if "person" in keys:
        begin = min([start, *(at.at for _, at in moments)])
        happenings.person(keys["person"].value, When(begin, begin, "instant"))
    for entry, at in moments:
        happenings.happened(entry.value, at)
    expecting = Expecting(report, book, start)
    return Case(
        name,
        start,
        tuple(happenings.facts),
        expecting.expectations(keys["expect"].value) if "expect" in keys else (),
        adopted,
        expecting.moves(keys["moves"].value) if "moves" in keys else None,
        mark,
    )


def _adopted(report: Report, book: Book, node: Node, start: datetime) -> Adopted:
    """Read ``adopted: mql``, or ``adopted: {stage: mql, since: 2026-01-01, pass: 2}``."""
    if isinstance(node, Scalar):
        return Adopted(report.choice(node, book.stages, "stages"))
    keys = report.keys(node, ADOPTED_KEYS, "`adopted`") or {}
    stage = report.required(keys, "stage", node.mark, "`adopted`") if isinstance(node, MappingNode) else None
    since = None
    if "since" in keys:
        value = keys["since"].value
        read = when(report, value, start, book.zone) if isinstance(value, Scalar) else None
        if not isinstance(value, Scalar):
            report.wrong(value, "`since` is an instant or a day")
        elif read is not None and read.at > start:
            report.add(value.mark, "`since` is after the test begins", "see `start`", "out-of-range")
        since = read.at if read is not None else None
    number = report.count(keys["pass"].value, "`pass`") if "pass" in keys else 1
    return Adopted(report.choice(stage, book.stages, "stages") if stage is not None else None, since, number or 1)
